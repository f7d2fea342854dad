//! Ways to be wrong, one type each: the value that was refused and why.

use core::fmt;

/// A coordinate that is not finite or leaves its range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InvalidPoint {
    /// `lat_deg` or `lon_deg`.
    pub component: &'static str,
    /// What was given, in degrees.
    pub value_deg: f64,
    /// The range that holds for the component.
    pub reason: &'static str,
}

/// A number of neighbours outside 1 to [`crate::K_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidCount {
    /// What was given.
    pub value: u64,
}

/// A radius or a time that is not a usable number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InvalidNumber {
    /// The argument's name.
    pub argument: &'static str,
    /// What was given.
    pub value: f64,
    /// What it must be.
    pub reason: &'static str,
}

/// A person named twice in one batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DuplicatePerson {
    /// The id given twice.
    pub person: u64,
}

/// A person who is not in the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownPerson {
    /// The id that was not found.
    pub person: u64,
}

/// A fix that claims to be taken after now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FutureFix {
    /// The time of the fix, in seconds.
    pub at_s: f64,
    /// The time that the caller gave as now, in seconds.
    pub now_s: f64,
}

/// A snapshot that was cut, changed or made by something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CorruptSnapshot {
    /// The first rule that it breaks.
    pub reason: &'static str,
}

/// A cell or a resolution that H3 does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidCell {
    /// `cell` or `resolution`.
    pub argument: &'static str,
    /// What was given.
    pub value: u64,
    /// What it must be.
    pub reason: &'static str,
}

/// Everything that an operation of the index may refuse.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// See [`InvalidPoint`].
    Point(InvalidPoint),
    /// See [`InvalidCount`].
    Count(InvalidCount),
    /// See [`InvalidNumber`].
    Number(InvalidNumber),
    /// See [`DuplicatePerson`].
    Duplicate(DuplicatePerson),
    /// See [`UnknownPerson`].
    Unknown(UnknownPerson),
    /// See [`FutureFix`].
    Future(FutureFix),
    /// See [`CorruptSnapshot`].
    Snapshot(CorruptSnapshot),
    /// See [`InvalidCell`].
    Cell(InvalidCell),
}

impl fmt::Display for InvalidPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} {}", self.component, self.value_deg, self.reason)
    }
}

impl fmt::Display for InvalidCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "k: {} is not in 1 to {}", self.value, crate::K_MAX)
    }
}

impl fmt::Display for InvalidNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} {}", self.argument, self.value, self.reason)
    }
}

impl fmt::Display for DuplicatePerson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "person_id: {} is twice in one batch", self.person)
    }
}

impl fmt::Display for UnknownPerson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "person_id: {} is not in the index", self.person)
    }
}

impl fmt::Display for FutureFix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at_s: {} is after now ({})", self.at_s, self.now_s)
    }
}

impl fmt::Display for CorruptSnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "snapshot: {}", self.reason)
    }
}

impl fmt::Display for InvalidCell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.argument {
            "cell" => write!(f, "cell: {:x} {}", self.value, self.reason),
            argument => write!(f, "{argument}: {} {}", self.value, self.reason),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Point(error) => error.fmt(f),
            Self::Count(error) => error.fmt(f),
            Self::Number(error) => error.fmt(f),
            Self::Duplicate(error) => error.fmt(f),
            Self::Unknown(error) => error.fmt(f),
            Self::Future(error) => error.fmt(f),
            Self::Snapshot(error) => error.fmt(f),
            Self::Cell(error) => error.fmt(f),
        }
    }
}

macro_rules! one_of_error {
    ($($variant:ident($type:ident)),+ $(,)?) => {$(
        impl core::error::Error for $type {}
        impl From<$type> for Error {
            fn from(error: $type) -> Self {
                Self::$variant(error)
            }
        }
    )+};
}

one_of_error!(
    Point(InvalidPoint),
    Count(InvalidCount),
    Number(InvalidNumber),
    Duplicate(DuplicatePerson),
    Unknown(UnknownPerson),
    Future(FutureFix),
    Snapshot(CorruptSnapshot),
    Cell(InvalidCell),
);

impl core::error::Error for Error {}
