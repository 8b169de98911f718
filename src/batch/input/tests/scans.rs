use super::*;
use crate::batch::input::{Scan, row_digest, scan};
use sha2::{Digest as _, Sha256};

#[test]
fn a_scan_counts_and_knows_the_file_by_all_its_bytes() {
    let file = "\u{FEFF}text\r\na\r\n\" \"\r\nb";
    let mut seen = Vec::new();
    let found = scan(file.as_bytes(), CSV, None, |row| seen.push(row.text.clone())).unwrap();
    let digest = Sha256::digest(file.as_bytes()).into();
    assert_eq!(found, Scan { rows: 3, blank: 0, unusable: 1, bytes: file.len() as u64, digest });
    assert_eq!(seen, ["a", " ", "b"]);
    let found = scan(b"a\n\n\nb".as_slice(), InputKind::Text, None, |_| {}).unwrap();
    assert_eq!((found.rows, found.blank, found.unusable, found.bytes), (2, 2, 0, 5));
}

#[test]
fn a_scan_stops_at_the_first_error() {
    let error = scan(b"1\n{".as_slice(), InputKind::JsonLines, None, |_| {}).unwrap_err();
    assert!(matches!(error, InputError::Json { line: 2, .. }));
}

#[test]
fn the_digest_of_a_row_is_the_first_half_of_its_sha256() {
    // SHA-256 of "abc", from FIPS 180-2, appendix B.1.
    let half = [0xBA, 0x78, 0x16, 0xBF, 0x8F, 0x01, 0xCF, 0xEA, 0x41, 0x41, 0x40, 0xDE, 0x5D, 0xAE, 0x22, 0x23];
    assert_eq!(row_digest("abc"), half);
}
