/* Order records by their tick and keep the order of equal ones. */
#ifndef FC_ORDER_H
#define FC_ORDER_H

#include <stddef.h>
#include <stdint.h>

/* Return the indices of `len` records in ascending order of the uint64_t that each begins with, equal ones in ascending
 * order of their index; NULL if they lie so already. None of them is above `largest`. Record i is at
 * `records + i * stride`; the stride may be negative. `space` has room for 2 * len indices, one half of which is the
 * result. len < 2**32. O((len + 2048) * bits of `largest` / 11). Thread-safe. */
const uint32_t *fc_order_by_tick(const void *records, ptrdiff_t stride, size_t len, uint64_t largest, uint32_t *space);

#endif
