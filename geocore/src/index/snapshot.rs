//! The index as bytes, checked by a hash.
//!
//! Layout, little-endian: magic, count of people; per person id, x, y, z, time (NaN if
//! unknown), availability, count of circles, circles; SHA-256 of all before it. Ids rise, and
//! so do circles; an index has one such form, and no other is taken.

use sha2::{Digest, Sha256};

use super::{Index, Person};
use crate::error::CorruptSnapshot;
use crate::point::{ECCENTRICITY_SQUARED, EQUATORIAL_RADIUS_M, Point};

const MAGIC: &[u8; 8] = b"geocore1";
const HASH_BYTES: usize = 32;

impl Index {
    /// The index as bytes, people by id: equal indexes give equal bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut people: Vec<Person> = self
            .everyone
            .records()
            .map(|record| self.person_of(&record))
            .collect();
        people.sort_unstable_by_key(|person| person.id);
        let mut bytes = MAGIC.to_vec();
        bytes.extend((people.len() as u64).to_le_bytes());
        for person in people {
            bytes.extend(person.id.to_le_bytes());
            for metres in person.point.xyz_m() {
                bytes.extend(metres.to_le_bytes());
            }
            bytes.extend(person.at_s.unwrap_or(f64::NAN).to_le_bytes());
            bytes.push(u8::from(person.available));
            bytes.extend((person.circles.len() as u64).to_le_bytes());
            for circle in &person.circles {
                bytes.extend(circle.to_le_bytes());
            }
        }
        let hash = Sha256::digest(&bytes);
        bytes.extend(hash);
        bytes
    }

    /// Builds an index from [`Index::to_bytes`].
    ///
    /// # Errors
    ///
    /// [`CorruptSnapshot`] when the hash does not fit, or what is hashed breaks a rule.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CorruptSnapshot> {
        let split = bytes.len().saturating_sub(HASH_BYTES);
        let (body, hash) = bytes.split_at(split);
        if Sha256::digest(body).as_slice() != hash {
            return Err(CorruptSnapshot {
                reason: "the hash does not fit",
            });
        }
        Self::from_body(body)
    }

    /// As [`Index::from_bytes`] without the hash: for fuzzing, which cannot guess one.
    ///
    /// # Errors
    ///
    /// [`CorruptSnapshot`] when the body breaks a rule.
    #[doc(hidden)]
    pub fn from_body(body: &[u8]) -> Result<Self, CorruptSnapshot> {
        let mut reader = Reader { rest: body };
        if reader.take::<8>()? != *MAGIC {
            return Err(CorruptSnapshot {
                reason: "the format is not known",
            });
        }
        let mut people: Vec<Person> = Vec::new();
        for _ in 0..reader.number()? {
            let person = reader.person()?;
            if people.last().is_some_and(|last| last.id >= person.id) {
                return Err(CorruptSnapshot {
                    reason: "a person is there twice or out of order",
                });
            }
            people.push(person);
        }
        if !reader.rest.is_empty() {
            return Err(CorruptSnapshot {
                reason: "bytes are left over",
            });
        }
        let mut index = Self::new();
        index.upsert_many(&people).map_err(|_| CorruptSnapshot {
            reason: "a person breaks a rule",
        })?;
        Ok(index)
    }
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], CorruptSnapshot> {
        let (taken, rest) = self.rest.split_first_chunk::<N>().ok_or(CorruptSnapshot {
            reason: "bytes are missing",
        })?;
        self.rest = rest;
        Ok(*taken)
    }

    fn number(&mut self) -> Result<u64, CorruptSnapshot> {
        self.take().map(u64::from_le_bytes)
    }

    fn float(&mut self) -> Result<f64, CorruptSnapshot> {
        self.take().map(f64::from_le_bytes)
    }

    fn person(&mut self) -> Result<Person, CorruptSnapshot> {
        let id = self.number()?;
        let xyz_m = [self.float()?, self.float()?, self.float()?];
        if !on_surface(xyz_m) {
            return Err(CorruptSnapshot {
                reason: "a place is not on the ellipsoid",
            });
        }
        let point = Point::from_surface(xyz_m);
        if point.xyz_m().map(f64::to_bits) != xyz_m.map(f64::to_bits) {
            return Err(CorruptSnapshot {
                reason: "a place is finer than places are",
            });
        }
        let at_s = self.float()?;
        if at_s.is_infinite() || (at_s.is_nan() && at_s.to_bits() != f64::NAN.to_bits()) {
            return Err(CorruptSnapshot {
                reason: "a time is not finite",
            });
        }
        let [available] = self.take::<1>()?;
        if available > 1 {
            return Err(CorruptSnapshot {
                reason: "an availability is neither yes nor no",
            });
        }
        let mut circles = std::collections::BTreeSet::new();
        for _ in 0..self.number()? {
            let circle = self.number()?;
            if circles.last().is_some_and(|last| *last >= circle) {
                return Err(CorruptSnapshot {
                    reason: "a circle is there twice or out of order",
                });
            }
            circles.insert(circle);
        }
        Ok(Person {
            id,
            point,
            at_s: (!at_s.is_nan()).then_some(at_s),
            available: available == 1,
            circles,
        })
    }
}

fn on_surface([x, y, z]: [f64; 3]) -> bool {
    let polar_squared = EQUATORIAL_RADIUS_M.powi(2) * (1.0 - ECCENTRICITY_SQUARED);
    let level = (x * x + y * y) / EQUATORIAL_RADIUS_M.powi(2) + z * z / polar_squared;
    (level - 1.0).abs() < 1e-14
}
