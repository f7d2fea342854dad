/* What any function costs that Python calls with a place and that returns k pairs: the
   arguments are read, numbers, pairs and a list made, and nobody is looked for. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

enum { FIRST_ID = 1000 }; /* Python keeps numbers up to 256 ready-made */

static PyObject *
nearest(PyObject *self, PyObject *const *given, Py_ssize_t count)
{
    if (count != 3)
        return PyErr_Format(PyExc_TypeError, "lat_deg, lon_deg and k");
    double lat_deg = PyFloat_AsDouble(given[0]);
    double lon_deg = PyFloat_AsDouble(given[1]);
    long k = PyLong_AsLong(given[2]);
    if (PyErr_Occurred())
        return NULL;
    PyObject *found = PyList_New(k);
    for (long nth = 0; found && nth < k; nth++) {
        PyObject *pair = PyTuple_New(2);
        PyObject *id = PyLong_FromLong(FIRST_ID + nth);
        PyObject *distance_m = PyFloat_FromDouble(lat_deg + nth * lon_deg);
        if (!pair || !id || !distance_m) {
            Py_XDECREF(pair);
            Py_XDECREF(id);
            Py_XDECREF(distance_m);
            Py_CLEAR(found);
            break;
        }
        PyTuple_SET_ITEM(pair, 0, id);
        PyTuple_SET_ITEM(pair, 1, distance_m);
        PyList_SET_ITEM(found, nth, pair);
    }
    return found;
}

static PyMethodDef methods[] = {
    {"nearest", (PyCFunction)(void (*)(void))nearest, METH_FASTCALL, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, .m_name = "geo_floor", .m_size = 0, .m_methods = methods,
};

PyMODINIT_FUNC
PyInit_geo_floor(void)
{
    return PyModule_Create(&module);
}
