//! People in cities, as `bench/` has them too.

use geocore::{Index, Person, Point};

/// A generator with a fixed seed.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    /// From 0 to 1.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    pub(crate) fn uniform(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Uniform by area between the latitudes that people live at.
    fn anywhere(&mut self) -> (f64, f64) {
        let (south, north) = ((-55_f64).to_radians().sin(), 70_f64.to_radians().sin());
        let lat_deg = (south + (north - south) * self.uniform())
            .asin()
            .to_degrees();
        (lat_deg, self.uniform() * 360.0 - 180.0)
    }
}

/// Five hundred cities, the n-th with a weight of `n^-0.7`.
pub(crate) struct World {
    dice: Dice,
    cities: Vec<(f64, f64, f64)>,
    shares: Vec<f64>,
}

impl World {
    /// The same world every time.
    pub(crate) fn new() -> Self {
        let mut dice = Dice(0x1234_5678_9ABC_DEF1);
        let cities = (0..500)
            .map(|_| {
                let (lat_deg, lon_deg) = dice.anywhere();
                (lat_deg, lon_deg, (5.0 + 25.0 * dice.uniform()) / 111.2)
            })
            .collect();
        let mut shares: Vec<f64> = (1..=500).map(|n| f64::from(n).powf(-0.7)).collect();
        let all: f64 = shares.iter().sum();
        let mut sum = 0.0;
        for share in &mut shares {
            sum += *share / all;
            *share = sum;
        }
        Self {
            dice,
            cities,
            shares,
        }
    }

    /// A place near a city.
    pub(crate) fn near(&mut self) -> Point {
        let draw = self.dice.uniform();
        let city = self.shares.partition_point(|share| *share < draw).min(499);
        let (lat_deg, lon_deg, sigma_deg) = self.cities[city];
        let far = sigma_deg * (-2.0 * self.dice.uniform().max(1e-300).ln()).sqrt();
        let (sin, cos) = (self.dice.uniform() * core::f64::consts::TAU).sin_cos();
        let lon_deg = lon_deg + far * sin / lat_deg.to_radians().cos();
        let lon_deg = (lon_deg + 540.0).rem_euclid(360.0) - 180.0;
        Point::new((lat_deg + far * cos).clamp(-90.0, 90.0), lon_deg).expect("in range")
    }

    /// So many people, four of five near cities.
    pub(crate) fn people(&mut self, count: u64) -> Vec<Person> {
        (0..count)
            .map(|id| {
                let point = if id % 5 == 0 {
                    let (lat_deg, lon_deg) = self.dice.anywhere();
                    Point::new(lat_deg, lon_deg).expect("in range")
                } else {
                    self.near()
                };
                Person {
                    id,
                    point,
                    at_s: None,
                    available: true,
                    circles: [].into(),
                }
            })
            .collect()
    }
}

/// An index of so many people.
pub(crate) fn index_of(people: &[Person]) -> Index {
    let mut index = Index::new();
    index.upsert_many(people).expect("valid");
    index
}
