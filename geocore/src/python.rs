//! The Python face: convert, release the GIL for batches, call, map the error.

mod answers;
mod cells;
mod convert;
mod errors;
mod given;
mod left;
mod names;
mod out;
mod shared;

use std::cell::Cell;

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList};

use answers::{pairs, triples};
use convert::{
    Column, Columns, Real, check_now, count_of, each_place, float, id_of, ids_of, same_length,
};
use errors::fail;
use given::Given;
use left::let_go;
use names::{NAMES_MAX, Names, number_of};
use out::Out;
use shared::Shared;

use crate::index::{KEPT_MAX, check_count};
use crate::{CorruptSnapshot, Error, Filter, Neighbour, Person, Point};

thread_local! {
    static KEPT: Cell<Option<Box<Kept>>> = const { Cell::new(None) };
}

/// What a thread keeps from single call to single call.
#[derive(Default)]
struct Kept {
    /// The answer, for its memory.
    found: Vec<Neighbour>,
    names: Names,
    given: Given,
}

/// People, findable by nearness in the geodesic's order.
#[pyclass(frozen, module = "geocore._geocore")]
struct Index(Shared);

impl Index {
    /// Asks the index; without the GIL if somebody writes.
    fn read<R: Send>(&self, py: Python<'_>, ask: impl FnOnce(&crate::Index) -> R + Send) -> R {
        match self.0.try_read() {
            Some(index) => ask(&index),
            None => self.read_later(py, ask),
        }
    }

    /// Asks without the GIL: by the time it is back the next writer would be in.
    #[cold]
    #[inline(never)]
    fn read_later<R: Send>(
        &self,
        py: Python<'_>,
        ask: impl FnOnce(&crate::Index) -> R + Send,
    ) -> R {
        py.detach(|| ask(&self.0.read()))
    }

    /// Changes the index; without the GIL if somebody reads or writes, or where that `pauses`.
    fn write<R: Send>(
        &self,
        py: Python<'_>,
        pauses: impl FnOnce(&crate::Index) -> bool,
        change: impl FnOnce(&mut crate::Index) -> R + Send,
    ) -> R {
        if let Some(mut index) = self.0.try_write()
            && !pauses(&index)
        {
            return change(&mut index);
        }
        self.write_later(py, change)
    }

    /// Changes it without the GIL: by the time it is back the next batch would be in.
    #[cold]
    #[inline(never)]
    fn write_later<R: Send>(
        &self,
        py: Python<'_>,
        change: impl FnOnce(&mut crate::Index) -> R + Send,
    ) -> R {
        py.detach(|| change(&mut self.0.write()))
    }
}

#[pymethods]
impl Index {
    #[new]
    fn new() -> Self {
        Self(Shared::new(crate::Index::new()))
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the face is fixed; all but three are named"
    )]
    #[pyo3(signature = (person_id, lat_deg, lon_deg, *, at_s=None, circles=None, available=true, now_s=None))]
    fn upsert(
        &self,
        py: Python<'_>,
        person_id: &Bound<'_, PyAny>,
        lat_deg: Real,
        lon_deg: Real,
        at_s: Option<Real>,
        circles: Option<&Bound<'_, PyAny>>,
        available: bool,
        now_s: Option<Real>,
    ) -> PyResult<()> {
        let at_s = float(at_s);
        check_now(at_s, float(now_s))?;
        let person = Person {
            id: id_of(person_id)?,
            point: Point::new(lat_deg.0, lon_deg.0).map_err(fail)?,
            at_s,
            available,
            circles: ids_of(circles)?,
        };
        let pauses =
            |index: &crate::Index| index.pauses_to_put(person.id, person.circles.iter().copied());
        self.write(py, pauses, |index| index.upsert(&person))
            .map_err(fail)
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the face is fixed; all but three are named"
    )]
    #[pyo3(signature = (person_ids, lats_deg, lons_deg, *, at_s=None, circles=None, available=None, now_s=None))]
    fn upsert_many(
        &self,
        py: Python<'_>,
        person_ids: &Bound<'_, PyAny>,
        lats_deg: &Bound<'_, PyAny>,
        lons_deg: &Bound<'_, PyAny>,
        at_s: Option<&Bound<'_, PyAny>>,
        circles: Option<&Bound<'_, PyAny>>,
        available: Option<&Bound<'_, PyAny>>,
        now_s: Option<Real>,
    ) -> PyResult<()> {
        let columns = Columns {
            person_ids,
            lats_deg,
            lons_deg,
            at_s,
            circles,
            available,
        };
        let (records, circles) = columns.rows(py, float(now_s))?;
        py.detach(|| self.0.write().put_records(&records, &circles))
            .map_err(fail)
    }

    #[pyo3(signature = (person_id, lat_deg, lon_deg, *, at_s=None, now_s=None))]
    fn move_to(
        &self,
        py: Python<'_>,
        person_id: &Bound<'_, PyAny>,
        lat_deg: Real,
        lon_deg: Real,
        at_s: Option<Real>,
        now_s: Option<Real>,
    ) -> PyResult<()> {
        let at_s = float(at_s);
        check_now(at_s, float(now_s))?;
        let person = id_of(person_id)?;
        let point = || Point::new(lat_deg.0, lon_deg.0);
        let moved = if let Some(mut people) = self.0.try_move() {
            // While that comes from memory the place is made of its degrees.
            people.expect(person);
            point()
                .map_err(Error::from)
                .and_then(|point| people.relocate(person, point, at_s))
        } else {
            let point = point().map_err(fail)?;
            self.write_later(py, |index| index.relocate(person, point, at_s))
        };
        moved.map_err(fail)
    }

    fn remove(&self, py: Python<'_>, person_id: &Bound<'_, PyAny>) -> PyResult<bool> {
        let person = id_of(person_id)?;
        let pauses = |index: &crate::Index| index.pauses_to_remove(person);
        Ok(self.write(py, pauses, |index| index.remove(person)))
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the face is fixed; all but three are named"
    )]
    #[pyo3(signature = (lat_deg, lon_deg, k, *, within_m=None, newer_than_s=None, circle=None, available=None, exclude=None, geodesic=false, ages=false, now_s=None))]
    fn nearest<'py>(
        &self,
        py: Python<'py>,
        lat_deg: Real,
        lon_deg: Real,
        k: &Bound<'py, PyAny>,
        within_m: Option<Real>,
        newer_than_s: Option<Real>,
        circle: Option<&Bound<'py, PyAny>>,
        available: Option<bool>,
        exclude: Option<&Bound<'py, PyAny>>,
        geodesic: bool,
        ages: bool,
        now_s: Option<Real>,
    ) -> PyResult<Bound<'py, PyList>> {
        let from = Point::new(lat_deg.0, lon_deg.0).map_err(fail)?;
        let exclude: Vec<u64> = ids_of(exclude)?;
        let filter = Filter {
            within_m: float(within_m),
            newer_than_s: float(newer_than_s),
            circle: circle.map(id_of).transpose()?,
            available,
            exclude: &exclude,
            geodesic,
        };
        let k = count_of(k)?;
        // Taken, not borrowed: making the list may run a finalizer that asks again.
        let mut kept = KEPT.take().unwrap_or_default();
        let Kept {
            found,
            names,
            given,
        } = &mut *kept;
        let (answer, people) = self.read(py, |index| {
            let answer = index.nearest_into(&from, k, &filter, found);
            (answer, index.len())
        });
        let list = match answer {
            Err(error) => Err(fail(error)),
            Ok(()) if ages => triples(py, found, float(now_s)),
            Ok(()) if people <= NAMES_MAX => given.pairs(py, found, |id| names.of(py, id)),
            Ok(()) => given.pairs(py, found, |id| number_of(py, id)),
        };
        if k > KEPT_MAX as u64 {
            kept.found = Vec::new();
        }
        KEPT.set(Some(kept));
        list
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the face is fixed; all but three are named"
    )]
    #[pyo3(signature = (lats_deg, lons_deg, k, *, within_m=None, newer_than_s=None, circle=None, available=None, exclude=None, geodesic=false, arrays=false, out=None))]
    fn nearest_many<'py>(
        &self,
        py: Python<'py>,
        lats_deg: &Bound<'py, PyAny>,
        lons_deg: &Bound<'py, PyAny>,
        k: &Bound<'py, PyAny>,
        within_m: Option<Real>,
        newer_than_s: Option<Real>,
        circle: Option<&Bound<'py, PyAny>>,
        available: Option<bool>,
        exclude: Option<&Bound<'py, PyAny>>,
        geodesic: bool,
        arrays: bool,
        out: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let_go(py);
        let (lats, lons) = (
            Column::<f64>::of("lats_deg", lats_deg)?,
            Column::<f64>::of("lons_deg", lons_deg)?,
        );
        let (lats, lons) = (lats.cells(py), lons.cells(py));
        same_length("lons_deg", lons.len(), lats.len())?;
        let mut points = Vec::with_capacity(lats.len());
        each_place(&lats, &lons, |_, point| {
            points.push(point.map_err(fail)?);
            Ok(())
        })?;
        let exclude: Vec<u64> = ids_of(exclude)?;
        let filter = Filter {
            within_m: float(within_m),
            newer_than_s: float(newer_than_s),
            circle: circle.map(id_of).transpose()?,
            available,
            exclude: &exclude,
            geodesic,
        };
        let k = count_of(k)?;
        if let Some(arrays) = out {
            let columns = check_count(k).map_err(fail)?;
            let out = Out::of(arrays, [points.len(), columns])?;
            self.nearest_out(py, &points, k, &filter, &out)?;
            return Ok(arrays.clone());
        }
        if arrays {
            return self.nearest_arrays(py, &points, k, &filter);
        }
        self.nearest_lists(py, &points, k, &filter)
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the face is fixed; all but three are named"
    )]
    #[pyo3(signature = (lat_deg, lon_deg, radius_m, *, newer_than_s=None, circle=None, available=None, exclude=None, geodesic=false, ages=false, now_s=None))]
    fn within<'py>(
        &self,
        py: Python<'py>,
        lat_deg: Real,
        lon_deg: Real,
        radius_m: Real,
        newer_than_s: Option<Real>,
        circle: Option<&Bound<'py, PyAny>>,
        available: Option<bool>,
        exclude: Option<&Bound<'py, PyAny>>,
        geodesic: bool,
        ages: bool,
        now_s: Option<Real>,
    ) -> PyResult<Bound<'py, PyList>> {
        let from = Point::new(lat_deg.0, lon_deg.0).map_err(fail)?;
        let exclude: Vec<u64> = ids_of(exclude)?;
        let filter = Filter {
            within_m: None,
            newer_than_s: float(newer_than_s),
            circle: circle.map(id_of).transpose()?,
            available,
            exclude: &exclude,
            geodesic,
        };
        let found = self
            .read(py, |index| index.within(&from, radius_m.0, &filter))
            .map_err(fail)?;
        if ages {
            triples(py, &found, float(now_s))
        } else {
            pairs(py, &found)
        }
    }

    fn stats<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let stats = self.read(py, crate::Index::stats);
        let counts = PyDict::new(py);
        counts.set_item("people", stats.people)?;
        counts.set_item("circles", stats.circles)?;
        counts.set_item("bytes", stats.bytes)?;
        Ok(counts)
    }

    fn to_bytes<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        let bytes = py.detach(|| self.0.read().to_bytes());
        PyBytes::new(py, &bytes)
    }

    #[staticmethod]
    fn from_bytes(py: Python<'_>, snapshot: &[u8]) -> PyResult<Self> {
        let index = py
            .detach(|| crate::Index::from_bytes(snapshot))
            .map_err(|error: CorruptSnapshot| fail(error))?;
        Ok(Self(Shared::new(index)))
    }

    fn __len__(&self, py: Python<'_>) -> usize {
        self.read(py, crate::Index::len)
    }

    fn __contains__(&self, py: Python<'_>, person_id: &Bound<'_, PyAny>) -> bool {
        person_id
            .extract()
            .is_ok_and(|person| self.read(py, |index| index.contains(person)))
    }
}

/// Exact nearest people on WGS84.
#[pymodule]
mod _geocore {
    #[pymodule_export]
    use super::Index;
    #[pymodule_export]
    use super::cells::{Places, cell_boundary, cell_of, distance_m};
    #[pymodule_export]
    use super::errors::{
        CorruptSnapshotError, DuplicatePersonError, FutureFixError, GeocoreError, InvalidCellError,
        InvalidCountError, InvalidIdError, InvalidNumberError, InvalidPointError,
        UnknownPersonError,
    };

    /// `release`, or `debug` for a build that must not be measured.
    #[pymodule_export]
    const BUILD_PROFILE: &str = if cfg!(debug_assertions) {
        "debug"
    } else {
        "release"
    };

    /// Whether it was compiled after the profile of its usual calls (`geocore/pgo`).
    #[pymodule_export]
    const PROFILE_GUIDED: bool = cfg!(geocore_profile_guided);
}
