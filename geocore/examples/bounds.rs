use geocore::*;
fn main() {
    let mut s = 0x9E3779B97F4A7C15u64;
    let mut r = || {
        s ^= s << 13;
        s ^= s >> 7;
        s ^= s << 17;
        (s >> 11) as f64 / (1u64 << 53) as f64
    };
    let g = geographiclib_rs::Geodesic::wgs84();
    use geographiclib_rs::DirectGeodesic;
    for km in [
        0.001, 0.1, 1., 10., 36., 100., 300., 600., 1000., 2000., 3000., 5000., 7000., 9000.,
        11000., 12600.,
    ] {
        let (mut e, mut slack_hi, mut slack_lo, mut worst) =
            (0f64, f64::INFINITY, f64::INFINITY, (0., 0.));
        for i in 0..40000 {
            let lat = if i % 2 == 0 {
                r() * 180. - 90.
            } else {
                ((i / 2) % 181) as f64 - 90.
            };
            let az = if i % 4 < 2 {
                r() * 360.
            } else {
                (((i / 362) % 13) * 15) as f64
            };
            let d = km * 1000. * (if i % 3 == 0 { 1.0 } else { 0.8 + 0.2 * r() });
            let (la, lo): (f64, f64) = g.direct(lat, 0., az, d);
            let Ok(p) = Point::new(lat, 0.) else { continue };
            let Ok(q) = Point::new(la.clamp(-90., 90.), lo) else {
                continue;
            };
            let t = karney_m(&p, &q);
            let c = p.chord_squared_m2(&q).sqrt();
            let x = (approximate_m(&p, &q) - t).abs();
            if x > e {
                e = x;
                worst = (lat, az);
            }
            slack_hi = slack_hi.min(geodesic_max_m(c) - t);
            slack_lo = slack_lo.min(chord_max_m(t) - c);
        }
        println!(
            "{km:>8} km: err {e:.3e} m at {worst:?}  slack hi {slack_hi:.3e} lo {slack_lo:.3e}"
        );
    }
    let mut gm = 0f64;
    for c in 1..=900 {
        let c = c as f64 * 1e4;
        let x = (rival_chord_max_m(c) / c).powi(2) - 1.;
        gm = gm.max(x / (c * c));
        if c as u64 % 1_000_000 == 0 {
            println!("{c} gamma {:.4e}", x / (c * c));
        }
    }
}
