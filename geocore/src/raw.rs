//! All that is `unsafe`: what the compiler cannot check is in this file, each block with its
//! proof.
//!
//! The loops over vectors, `index/kernel/avx512.rs` and `avx2.rs`, are checked as everything
//! else is; here are the instructions that they are made of. What each part is worth is
//! measured in `docs/geocore.md`.

#[cfg(target_arch = "x86_64")]
pub(crate) use vectors::{Avx2, Avx512};

/// Instructions that a machine may have, for whoever shows that this one has them.
///
/// Each is a method of that proof, called as Intel's intrinsic is, without `_mm512_` and the
/// like. It is inlined whatever its size: only within what was compiled for these instructions
/// is it one of them, else a call.
#[cfg(target_arch = "x86_64")]
mod vectors {
    use core::arch::x86_64 as intel;
    use core::arch::x86_64::{__m128i, __m256, __m256i, __m512, __m512i};
    use std::sync::OnceLock;

    use crate::index::kernel::Work;

    /// Proof that this machine has AVX-512 F, VL, DQ and BW, FMA and BMI: only
    /// [`Avx512::detect`] makes it.
    #[derive(Clone, Copy, Debug)]
    pub(crate) struct Avx512(());

    impl Avx512 {
        #[inline]
        pub(crate) fn detect() -> Option<Self> {
            // Eight looks, at each question, are a hundredth of one.
            static FOUND: OnceLock<bool> = OnceLock::new();
            FOUND
                .get_or_init(|| {
                    is_x86_feature_detected!("avx512f")
                        && is_x86_feature_detected!("avx512vl")
                        && is_x86_feature_detected!("avx512dq")
                        && is_x86_feature_detected!("avx512bw")
                        && is_x86_feature_detected!("bmi1")
                        && is_x86_feature_detected!("bmi2")
                        && is_x86_feature_detected!("popcnt")
                        && is_x86_feature_detected!("fma")
                })
                .then_some(Self(()))
        }

        /// Runs work compiled for AVX-512.
        pub(crate) fn run<W: Work>(self, work: W) {
            #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,bmi1,bmi2,popcnt,fma")]
            fn compiled<W: Work>(avx512: Avx512, work: W) {
                work.run(avx512);
            }
            // SAFETY: an `Avx512` exists only where every feature of the callee was detected.
            unsafe { compiled(self, work) }
        }
    }

    /// Proof that this machine has AVX2, FMA and BMI: only [`Avx2::detect`] makes it.
    #[derive(Clone, Copy, Debug)]
    pub(crate) struct Avx2(());

    impl Avx2 {
        #[inline]
        pub(crate) fn detect() -> Option<Self> {
            static FOUND: OnceLock<bool> = OnceLock::new();
            FOUND
                .get_or_init(|| {
                    is_x86_feature_detected!("avx2")
                        && is_x86_feature_detected!("bmi1")
                        && is_x86_feature_detected!("bmi2")
                        && is_x86_feature_detected!("popcnt")
                        && is_x86_feature_detected!("fma")
                })
                .then_some(Self(()))
        }

        /// Runs work compiled for AVX2.
        pub(crate) fn run<W: Work>(self, work: W) {
            #[target_feature(enable = "avx2,bmi1,bmi2,popcnt,fma")]
            fn compiled<W: Work>(avx2: Avx2, work: W) {
                work.run(avx2);
            }
            // SAFETY: an `Avx2` exists only where every feature of the callee was detected.
            unsafe { compiled(self, work) }
        }
    }

    /// From and to memory: by what, an array of plain numbers, and the register of its size.
    ///
    /// Whoever adds a line sees to it that `detect` asks for its set of instructions.
    macro_rules! memory {
        ($proof:ident {
            load { $($load:ident = $read:expr, $from:ty => $loaded:ty;)* }
            store { $($store:ident = $write:expr, $stored:ty => $into:ty;)* }
        }) => {
            impl $proof {
                $(
                    #[inline(always)]
                    pub(crate) fn $load(self, numbers: &$from) -> $loaded {
                        const { assert!(size_of::<$from>() == size_of::<$loaded>()) };
                        // SAFETY: just what is borrowed is read, since a register has its
                        // size; any alignment will do. The instruction is of a set that
                        // `self` proves to be there.
                        unsafe { $read(core::ptr::from_ref(numbers).cast()) }
                    }
                )*
                $(
                    #[inline(always)]
                    pub(crate) fn $store(self, numbers: $stored, into: &mut $into) {
                        const { assert!(size_of::<$into>() == size_of::<$stored>()) };
                        // SAFETY: just what is borrowed is written, since a register has its
                        // size, and numbers may have any bits; any alignment will do. The
                        // instruction is of a set that `self` proves to be there.
                        unsafe { $write(core::ptr::from_mut(into).cast(), numbers) }
                    }
                )*
            }
        };
    }

    /// From registers to registers.
    ///
    /// Whoever adds a line sees to it that none of them is a place in memory, and that
    /// `detect` asks for its set of instructions.
    macro_rules! instructions {
        ($proof:ident { $($name:ident = $intrinsic:expr, ($($of:ident: $type:ty),*) -> $out:ty;)* }) => {
            impl $proof {
                $(
                    #[inline(always)]
                    pub(crate) fn $name(self, $($of: $type),*) -> $out {
                        // SAFETY: it touches no memory, and is of a set of instructions that
                        // `self` proves to be there.
                        unsafe { $intrinsic($($of),*) }
                    }
                )*
            }
        };
    }

    memory! {
        Avx512 {
            load {
                load = intel::_mm512_loadu_ps, [f32; 16] => __m512;
                load_whole = intel::_mm512_loadu_si512, [i32; 16] => __m512i;
                load_short = intel::_mm256_loadu_si256, [u16; 16] => __m256i;
            }
            store {
                store = intel::_mm512_storeu_ps, __m512 => [f32; 16];
                store_whole = intel::_mm512_storeu_si512, __m512i => [u32; 16];
            }
        }
    }

    instructions! {
        Avx512 {
            add_epi32 = intel::_mm512_add_epi32, (a: __m512i, b: __m512i) -> __m512i;
            and_si512 = intel::_mm512_and_si512, (a: __m512i, b: __m512i) -> __m512i;
            castps_si512 = intel::_mm512_castps_si512, (a: __m512) -> __m512i;
            cmpeq_epi16_mask = intel::_mm256_cmpeq_epi16_mask, (a: __m256i, b: __m256i) -> u16;
            cmpeq_epi32_mask = intel::_mm512_cmpeq_epi32_mask, (a: __m512i, b: __m512i) -> u16;
            cmpge_epi32_mask = intel::_mm512_cmpge_epi32_mask, (a: __m512i, b: __m512i) -> u16;
            cmple_ps_mask = intel::_mm512_cmple_ps_mask, (a: __m512, b: __m512) -> u16;
            cvtepi32_ps = intel::_mm512_cvtepi32_ps, (a: __m512i) -> __m512;
            cvtepu16_epi32 = intel::_mm512_cvtepu16_epi32, (a: __m256i) -> __m512i;
            fmadd_ps = intel::_mm512_fmadd_ps, (a: __m512, b: __m512, c: __m512) -> __m512;
            fmsub_ps = intel::_mm512_fmsub_ps, (a: __m512, b: __m512, c: __m512) -> __m512;
            mask_add_epi32 = intel::_mm512_mask_add_epi32,
                (src: __m512i, k: u16, a: __m512i, b: __m512i) -> __m512i;
            mask_blend_ps = intel::_mm512_mask_blend_ps,
                (k: u16, a: __m512, b: __m512) -> __m512;
            maskz_compress_epi32 = intel::_mm512_maskz_compress_epi32,
                (k: u16, a: __m512i) -> __m512i;
            max_ps = intel::_mm512_max_ps, (a: __m512, b: __m512) -> __m512;
            min_epi32 = intel::_mm512_min_epi32, (a: __m512i, b: __m512i) -> __m512i;
            min_ps = intel::_mm512_min_ps, (a: __m512, b: __m512) -> __m512;
            mul_ps = intel::_mm512_mul_ps, (a: __m512, b: __m512) -> __m512;
            or_si512 = intel::_mm512_or_si512, (a: __m512i, b: __m512i) -> __m512i;
            reduce_min_epi32 = intel::_mm512_reduce_min_epi32, (a: __m512i) -> i32;
            reduce_min_ps = intel::_mm512_reduce_min_ps, (a: __m512) -> f32;
            rsqrt14_ps = intel::_mm512_rsqrt14_ps, (a: __m512) -> __m512;
            set1_epi16 = intel::_mm256_set1_epi16, (a: i16) -> __m256i;
            set1_epi32 = intel::_mm512_set1_epi32, (a: i32) -> __m512i;
            set1_ps = intel::_mm512_set1_ps, (a: f32) -> __m512;
            srai_31_epi32 = intel::_mm512_srai_epi32::<31>, (a: __m512i) -> __m512i;
            sub_epi32 = intel::_mm512_sub_epi32, (a: __m512i, b: __m512i) -> __m512i;
            sub_ps = intel::_mm512_sub_ps, (a: __m512, b: __m512) -> __m512;
            xor_si512 = intel::_mm512_xor_si512, (a: __m512i, b: __m512i) -> __m512i;
        }
    }

    memory! {
        Avx2 {
            load {
                load = intel::_mm256_loadu_ps, [f32; 8] => __m256;
                load_whole = intel::_mm256_loadu_si256, [i32; 8] => __m256i;
                load_short = intel::_mm_loadu_si128, [u16; 8] => __m128i;
            }
            store {
                store = intel::_mm256_storeu_ps, __m256 => [f32; 8];
                store_whole = intel::_mm256_storeu_si256, __m256i => [u32; 8];
            }
        }
    }

    instructions! {
        Avx2 {
            add_epi32 = intel::_mm256_add_epi32, (a: __m256i, b: __m256i) -> __m256i;
            blendv_ps = intel::_mm256_blendv_ps, (a: __m256, b: __m256, mask: __m256) -> __m256;
            castps_si256 = intel::_mm256_castps_si256, (a: __m256) -> __m256i;
            castsi256_ps = intel::_mm256_castsi256_ps, (a: __m256i) -> __m256;
            cmpeq_epi16 = intel::_mm_cmpeq_epi16, (a: __m128i, b: __m128i) -> __m128i;
            cmpgt_epi32 = intel::_mm256_cmpgt_epi32, (a: __m256i, b: __m256i) -> __m256i;
            cmple_ps = intel::_mm256_cmp_ps::<{ intel::_CMP_LE_OQ }>,
                (a: __m256, b: __m256) -> __m256;
            cvtepi16_epi32 = intel::_mm256_cvtepi16_epi32, (a: __m128i) -> __m256i;
            cvtepi32_ps = intel::_mm256_cvtepi32_ps, (a: __m256i) -> __m256;
            cvtepu16_epi32 = intel::_mm256_cvtepu16_epi32, (a: __m128i) -> __m256i;
            cvtepu8_epi32 = intel::_mm256_cvtepu8_epi32, (a: __m128i) -> __m256i;
            cvtsi64_si128 = intel::_mm_cvtsi64_si128, (a: i64) -> __m128i;
            cvtss_f32 = intel::_mm256_cvtss_f32, (a: __m256) -> f32;
            fmadd_ps = intel::_mm256_fmadd_ps, (a: __m256, b: __m256, c: __m256) -> __m256;
            fmsub_ps = intel::_mm256_fmsub_ps, (a: __m256, b: __m256, c: __m256) -> __m256;
            min_ps = intel::_mm256_min_ps, (a: __m256, b: __m256) -> __m256;
            movemask_ps = intel::_mm256_movemask_ps, (a: __m256) -> i32;
            mul_ps = intel::_mm256_mul_ps, (a: __m256, b: __m256) -> __m256;
            set1_epi16 = intel::_mm_set1_epi16, (a: i16) -> __m128i;
            set1_epi32 = intel::_mm256_set1_epi32, (a: i32) -> __m256i;
            set1_ps = intel::_mm256_set1_ps, (a: f32) -> __m256;
            setzero_si256 = intel::_mm256_setzero_si256, () -> __m256i;
            sqrt_ps = intel::_mm256_sqrt_ps, (a: __m256) -> __m256;
            sub_epi32 = intel::_mm256_sub_epi32, (a: __m256i, b: __m256i) -> __m256i;
            sub_ps = intel::_mm256_sub_ps, (a: __m256, b: __m256) -> __m256;
            // Pairs of lanes, lanes, and halves for each other.
            swap_pairs_ps = intel::_mm256_permute_ps::<0b01_00_11_10>, (a: __m256) -> __m256;
            swap_lanes_ps = intel::_mm256_permute_ps::<0b10_11_00_01>, (a: __m256) -> __m256;
            swap_halves_ps = intel::_mm256_permute2f128_ps::<1>, (a: __m256, b: __m256) -> __m256;
        }
    }
}

/// One bit for each of sixteen bytes that is the same as another.
#[cfg(target_arch = "x86_64")]
#[inline]
pub(crate) fn equal(bytes: [u8; 16], other: u8) -> u16 {
    use core::arch::x86_64::{_mm_cmpeq_epi8, _mm_movemask_epi8, _mm_set_epi64x, _mm_set1_epi8};
    let (halves, _) = bytes.as_chunks();
    let (low, high) = (i64::from_le_bytes(halves[0]), i64::from_le_bytes(halves[1]));
    // SAFETY: they touch no memory, and every x86-64 processor has SSE2.
    let bits = unsafe {
        let other = _mm_set1_epi8(other.cast_signed());
        _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_set_epi64x(high, low), other))
    };
    let [low, high, ..] = bits.to_le_bytes();
    u16::from_le_bytes([low, high])
}

/// Asks for the cache line where something begins.
#[inline]
pub(crate) fn prefetch<T>(what: &T) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a prefetch reads nothing that a program could see, from any address.
    unsafe {
        use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(core::ptr::from_ref(what).cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = what;
}

/// Asks the system for huge pages below the whole pages that a vector has room in.
pub(crate) fn prefer_huge<T>(run: &Vec<T>) {
    #[cfg(target_os = "linux")]
    {
        /// What a page of any machine's is at most, so that none is advised on in part.
        const PAGE_MAX: usize = 1 << 16;
        let at = run.as_ptr().cast::<u8>();
        let skipped = at.align_offset(PAGE_MAX);
        let room = run.capacity() * size_of::<T>();
        let whole = room.saturating_sub(skipped) / PAGE_MAX * PAGE_MAX;
        if whole > 0 {
            // SAFETY: whole pages of one allocation that a vector owns. The advice changes
            // neither what they hold nor whether they may be read or written; where the
            // kernel refuses it, as one without huge pages does, nothing has happened.
            let _ = unsafe {
                libc::madvise(
                    at.wrapping_add(skipped).cast_mut().cast(),
                    whole,
                    libc::MADV_HUGEPAGE,
                )
            };
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = run;
}

/// Python's objects beyond what `PyO3` offers.
#[cfg(feature = "python")]
pub(crate) mod objects {
    use std::sync::OnceLock;

    use pyo3::ffi;
    use pyo3::prelude::*;
    use pyo3::types::{PyFloat, PyInt, PyList, PyTuple};

    /// Whether a tuple is no more than what it holds: from 3.14 on it also keeps its hash, and
    /// a build may be without the one lock that a count of references relies on.
    pub(crate) fn may_be_written_over(py: Python<'_>) -> bool {
        static ANSWER: OnceLock<bool> = OnceLock::new();
        *ANSWER.get_or_init(|| py.version_info() < (3, 14))
    }

    /// By how many an object is held; `PyO3` leaves it to a function of Python's.
    #[inline]
    pub(crate) fn holders<T>(object: &Bound<'_, T>) -> ffi::Py_ssize_t {
        // SAFETY: what is bound is an object, and its interpreter is attached.
        unsafe { ffi::Py_REFCNT(object.as_ptr()) }
    }

    /// Puts numbers and distances into a list of pairs of such, one after the other; false
    /// where it has another length, or somebody else holds one of its pairs or has put
    /// something else there.
    #[inline]
    pub(crate) fn write_all<'py>(
        pairs: &Bound<'py, PyList>,
        found: impl ExactSizeIterator<Item = (Bound<'py, PyInt>, f64)>,
    ) -> bool {
        may_be_written_over(pairs.py())
            && pairs.len() == found.len()
            && (0_usize..).zip(found).all(|(at, (number, distance_m))| {
                // Looked at again: what has found them may have changed the list.
                at < pairs.len() && {
                    // SAFETY: the list has this place, and holds what it lends as long as that is
                    // used: `write` makes a float at most and ends numbers, which runs no code
                    // that could change the list.
                    let pair = unsafe {
                        let item = ffi::PyList_GET_ITEM(pairs.as_ptr(), at.cast_signed());
                        Borrowed::from_ptr(pairs.py(), item)
                    };
                    write(&pair, number, distance_m)
                }
            })
    }

    /// Puts a number and a distance into a pair that a list holds.
    #[inline]
    fn write<'py>(pair: &Bound<'py, PyAny>, number: Bound<'py, PyInt>, distance_m: f64) -> bool {
        let Ok(pair) = pair.cast_exact::<PyTuple>() else {
            return false;
        };
        let [was_number, was_distance] = pair.as_slice() else {
            return false;
        };
        // Held by the list alone, so that nobody else has even borrowed from it; of two numbers
        // whose end runs nobody's code.
        if holders(pair) != 1
            || !was_number.is_exact_instance_of::<PyInt>()
            || !was_distance.is_exact_instance_of::<PyFloat>()
        {
            return false;
        }
        let tuple = pair.as_ptr();
        let put = |at, new| {
            // SAFETY: an exact tuple of two items, so both places are in it, in an interpreter
            // that is attached. Nobody but the list holds it, and what borrows its items above is
            // not used again. The place takes the reference that is given up to it and gives up
            // its own, which is then dropped; that of an exact int or float runs no other code,
            // which might look.
            unsafe {
                let old = ffi::PyTuple_GET_ITEM(tuple, at);
                ffi::PyTuple_SET_ITEM(tuple, at, new);
                ffi::Py_DECREF(old);
            }
        };
        if holders(was_distance) == 1 {
            // SAFETY: an exact float, which is such a struct, in an interpreter that is attached.
            // Its one holder is the tuple, whose holders are ours: whoever took it out would be
            // another. So nobody sees it change, and nothing else refers to what is written.
            unsafe { (*was_distance.as_ptr().cast::<ffi::PyFloatObject>()).ob_fval = distance_m };
        } else {
            put(1, PyFloat::new(pair.py(), distance_m).into_any().into_ptr());
        }
        put(0, number.into_any().into_ptr());
        true
    }
}
