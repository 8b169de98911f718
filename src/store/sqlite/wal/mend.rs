//! Making a damaged log whole. The checksum of a frame is linear, so that it tells not only that a word of
//! the frame changed, but which one, and what it was: a flip is undone, not only passed over.

use super::{FRAME, FRAME_HEADER, HEADER, MAGIC, PAGE, Sum, commits, number, start};

const FORMAT: u32 = 3_007_000;

/// The log with every checksum counted anew, up to its last commit; frames for no page are left out.
pub(super) fn log(damaged: &[u8]) -> Option<Vec<u8>> {
    let (old, frames) = damaged.split_at_checked(HEADER)?;
    let frames: Vec<&[u8]> = frames.chunks_exact(FRAME).collect();
    let sound = start(old);
    let salt = if sound.is_some() { &old[16..24] } else { frames.first()?.get(8..16)? };
    let end = frames.iter().rposition(|frame| frame[8..16] == *salt && commits(frame))? + 1;
    let frames = &frames[..end];
    let (header, mut to) = header(salt);
    let mut from = sound.unwrap_or_else(|| first_sum(old, to, frames[0]));
    let mut out = header;
    out.reserve(damaged.len());
    for (at, frame) in frames.iter().enumerate() {
        let (frame, after) = mended(from, frame, frames.get(at + 1).copied());
        from = after;
        // No page can be beyond what a file could ever hold.
        if (1..1 << 30).contains(&number(&frame, 0)) {
            to = to.add_frame(&frame);
            out.extend(&frame[..8]);
            out.extend(salt);
            out.extend(to.bytes());
            out.extend(&frame[FRAME_HEADER..]);
        }
    }
    Some(out)
}

/// A sound header, and the sum that frames go on from.
fn header(salt: &[u8]) -> (Vec<u8>, Sum) {
    let big_endian = cfg!(target_endian = "big");
    let mut header = Vec::with_capacity(HEADER);
    for word in [MAGIC | u32::from(big_endian), FORMAT, PAGE as u32, 0] {
        header.extend(word.to_be_bytes());
    }
    header.extend(salt);
    let sum = Sum { big_endian, sum: (0, 0) }.add(&header);
    header.extend(sum.bytes());
    (header, sum)
}

/// Where the header is damaged: the sum that it carries, unless the damage is in that.
fn first_sum(header: &[u8], made: Sum, first: &[u8]) -> Sum {
    let carried = Sum { sum: (number(header, 24), number(header, 28)), ..made };
    let counted = made_from(header, made);
    [carried, counted].into_iter().find(|sum| sum.add_frame(first).bytes() == first[16..24]).unwrap_or(carried)
}

fn made_from(header: &[u8], made: Sum) -> Sum {
    Sum { sum: (0, 0), ..made }.add(&header[..24])
}

/// A frame as it was written, as far as its sums tell, and the sum that the next goes on from.
fn mended(before: Sum, frame: &[u8], next: Option<&[u8]>) -> (Vec<u8>, Sum) {
    let counted = before.add_frame(frame);
    let carried = Sum { sum: (number(frame, 16), number(frame, 20)), ..before };
    if counted == carried || next.is_some_and(|next| counted.add_frame(next).bytes() == next[16..24]) {
        // Sound, or only its sum was damaged, as the next frame bears out.
        return (frame.to_owned(), counted);
    }
    let mut frame = frame.to_owned();
    let missing = (carried.sum.0.wrapping_sub(counted.sum.0), carried.sum.1.wrapping_sub(counted.sum.1));
    if let Some((word, change)) = changed_word(missing, next.is_none()) {
        let at = if word < 2 { word * 4 } else { FRAME_HEADER + (word - 2) * 4 };
        let four = [frame[at], frame[at + 1], frame[at + 2], frame[at + 3]];
        let four = if before.big_endian {
            u32::from_be_bytes(four).wrapping_add(change).to_be_bytes()
        } else {
            u32::from_le_bytes(four).wrapping_add(change).to_le_bytes()
        };
        frame[at..at + 4].copy_from_slice(&four);
    }
    // More than one word changed: what is there is kept, and the next frame is right all the same.
    (frame, carried)
}

/// The one word of a frame (the first two are of its header) whose change by the returned amount changes
/// the sum by `missing`. The further from the end a word is, the more often it counts, by Fibonacci's
/// numbers. `None` where two words fit, as they can for the highest byte of a word, since those numbers
/// repeat in their lowest; and nothing tells a change of the last frame's last word from one of its sum.
fn changed_word(missing: (u32, u32), is_last_frame: bool) -> Option<(usize, u32)> {
    let pairs = (8 + PAGE) / 8;
    // What a change by one of the pair's first and second word adds to the two halves of the sum.
    let (mut first, mut second) = ((1_u32, 1_u32), (0_u32, 1_u32));
    let walk = |(one, two): (u32, u32)| (one.wrapping_add(two), one.wrapping_add(two).wrapping_add(two));
    let mut found = None;
    for pair in (0..pairs).rev() {
        for (word, weight) in [(pair * 2, first), (pair * 2 + 1, second)] {
            let Some(change) = quotient(missing, weight) else { continue };
            let ambiguous = found.is_some() || (is_last_frame && word == pairs * 2 - 1);
            if ambiguous {
                return None;
            }
            found = Some((word, change));
        }
        (first, second) = (walk(first), walk(second));
    }
    found
}

/// The `change` with `weight` × `change` = `missing`, modulo 2³², in both halves.
fn quotient(missing: (u32, u32), weight: (u32, u32)) -> Option<u32> {
    // Of two neighbours among Fibonacci's numbers one is odd, and odd numbers have an inverse.
    let change = if weight.0 % 2 == 1 {
        missing.0.wrapping_mul(inverse(weight.0))
    } else {
        missing.1.wrapping_mul(inverse(weight.1))
    };
    let fits = weight.0.wrapping_mul(change) == missing.0 && weight.1.wrapping_mul(change) == missing.1;
    (fits && change != 0).then_some(change)
}

/// The inverse of an odd number modulo 2³², by Newton's iteration: each step doubles the bits that are right.
fn inverse(odd: u32) -> u32 {
    (0..5).fold(odd, |guess, _| guess.wrapping_mul(2_u32.wrapping_sub(odd.wrapping_mul(guess))))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A log of `count` frames, each a commit.
    fn made(count: u32) -> Vec<u8> {
        let (mut log, mut sum) = header(b"saltSALT");
        for page in 1..=count {
            let mut frame = vec![0; FRAME];
            frame[..4].copy_from_slice(&page.to_be_bytes());
            frame[4..8].copy_from_slice(&count.to_be_bytes());
            frame[8..16].copy_from_slice(b"saltSALT");
            frame[FRAME_HEADER..].iter_mut().enumerate().for_each(|(at, byte)| *byte = (at as u32 * 7 + page) as u8);
            sum = sum.add_frame(&frame);
            frame[16..24].copy_from_slice(&sum.bytes());
            log.extend(frame);
        }
        log
    }

    #[test]
    fn one_changed_byte_is_undone_wherever_it_is() {
        let log = made(3);
        assert_eq!(super::log(&log).unwrap(), log);
        for at in (HEADER..log.len()).step_by(13).chain(HEADER..HEADER + FRAME_HEADER).chain(0..HEADER) {
            // Nothing tells these: the last commit's own mark, and its last word.
            if at >= log.len() - 4 || (HEADER + 2 * FRAME..HEADER + 2 * FRAME + 16).contains(&at) {
                continue;
            }
            let mut flipped = log.clone();
            flipped[at] ^= 0xC3;
            let mended = super::log(&flipped).unwrap();
            let differs = mended.iter().zip(&log).filter(|(one, other)| one != other).count();
            // The highest byte of a word may fit elsewhere, too: then it stays, with the sums after it.
            let is_highest = at >= HEADER && (at - HEADER) % FRAME % 4 == 3;
            assert!(differs == 0 || (is_highest && differs <= 1 + 3 * 8), "byte {at}: {differs}");
        }
    }

    #[test]
    fn what_cannot_be_undone_leaves_the_other_frames_as_they_are() {
        let log = made(3);
        let mut torn = log.clone();
        torn[HEADER + FRAME + 100..HEADER + FRAME + 900].fill(0xEE);
        let mended = super::log(&torn).unwrap();
        let page = |log: &[u8], frame: usize| log[HEADER + FRAME * frame..][FRAME_HEADER..FRAME].to_owned();
        assert_eq!(mended.len(), log.len());
        assert!(page(&mended, 0) == page(&log, 0) && page(&mended, 2) == page(&log, 2));
        assert!(super::super::check(mended.as_slice()).is_ok_and(|damaged| !damaged));
    }

    #[test]
    fn noise_is_no_log_and_no_panic() {
        assert_eq!(super::log(b""), None);
        assert_eq!(super::log(&[7; HEADER]), None);
        let noise = vec![7; HEADER + FRAME + 11];
        assert!(super::super::check(noise.as_slice()).unwrap());
        assert!(super::log(&noise).is_some());
    }
}
