//! Long runs of memory in huge pages, where the kernel gives them to who asks.
//!
//! A search touches some thirty lines of memory, each in another page. A processor keeps the
//! places of two thousand pages at hand; looking another up takes a walk of four steps through
//! memory, and on a virtual machine each of them a walk of its own.

use crate::raw;

/// The shortest run in which a huge page may lie.
const WORTH_BYTES: usize = 1 << 21;

/// Asks for huge pages below all that a vector has room for; whether they come does not
/// matter but for time.
pub(crate) fn prefer_huge<T>(run: &Vec<T>) {
    if run.capacity() * size_of::<T>() >= WORTH_BYTES {
        raw::prefer_huge(run);
    }
}

/// Adds one to a run that may grow long.
pub(super) fn push<T>(run: &mut Vec<T>, one: T) {
    let room = run.capacity();
    run.push(one);
    if run.capacity() != room {
        prefer_huge(run);
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::{WORTH_BYTES, prefer_huge, push};

    /// Whether the kernel was asked for huge pages at an address; `None` where it has none.
    fn is_asked_for(address: usize) -> Option<bool> {
        let maps = std::fs::read_to_string("/proc/self/smaps").ok()?;
        std::fs::metadata("/sys/kernel/mm/transparent_hugepage").ok()?;
        let mut is_here = false;
        for line in maps.lines() {
            if let Some((from, to)) = range_of(line) {
                is_here = (from..to).contains(&address);
            } else if let Some(flags) = line.strip_prefix("VmFlags:").filter(|_| is_here) {
                return Some(flags.split_whitespace().any(|flag| flag == "hg"));
            }
        }
        unreachable!("every address of ours is mapped")
    }

    fn range_of(line: &str) -> Option<(usize, usize)> {
        let (from, to) = line.split_whitespace().next()?.split_once('-')?;
        let number = |text| usize::from_str_radix(text, 16).ok();
        Some((number(from)?, number(to)?))
    }

    #[test]
    fn a_long_run_is_asked_for_and_holds_what_it_held() {
        let run: Vec<u64> = (0..1 << 20).collect();
        prefer_huge(&run);
        let middle = run.as_ptr().wrapping_add(run.len() / 2) as usize;
        assert_ne!(is_asked_for(middle), Some(false));
        assert!(run.iter().copied().eq(0..1 << 20));
    }

    #[test]
    fn a_run_that_grows_long_is_asked_for() {
        let mut run = Vec::new();
        for number in 0..WORTH_BYTES as u64 {
            push(&mut run, number);
        }
        let middle = run.as_ptr().wrapping_add(run.len() / 2) as usize;
        assert_ne!(is_asked_for(middle), Some(false));
        assert!(run.iter().copied().eq(0..WORTH_BYTES as u64));
    }

    #[test]
    fn what_has_no_whole_page_is_left_alone() {
        prefer_huge(&Vec::<[u8; 64]>::new());
        prefer_huge(&vec![1_u8; WORTH_BYTES - 1]);
        crate::raw::prefer_huge(&vec![1_u8; 100]);
    }
}
