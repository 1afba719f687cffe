/* Included before each generated module: spares the command five milliseconds at start-up.
 *
 * Under the limited API, Cython's modules import `inspect`, and with it half a dozen others, only to read these flags
 * of code objects. Their values have not changed since Python 3.0; with all of them known nothing is read, and the
 * import is of a module that is there anyway. */
#ifndef FASTCORE_START_UP_H
#define FASTCORE_START_UP_H

#include <Python.h>

#ifdef Py_LIMITED_API
#define CO_OPTIMIZED 0x0001
#define CO_NEWLOCALS 0x0002
#define CO_VARARGS 0x0004
#define CO_VARKEYWORDS 0x0008
#define CO_GENERATOR 0x0020
#define CO_COROUTINE 0x0080
#define CO_ASYNC_GENERATOR 0x0200

static inline PyObject *fastcore_import(const char *name) {
    return PyImport_ImportModule(name[0] == 'i' && name[1] == 'n' && name[2] == 's' ? "sys" : name);
}
#define PyImport_ImportModule fastcore_import
#endif

#endif
