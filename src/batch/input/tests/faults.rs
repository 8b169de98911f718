use super::*;

#[test]
fn what_is_no_utf8_is_told_to_the_byte_and_what_stands_before_is_read() {
    let (rows, error) = read(b"ab\r\nc\xC3\xA9\n\xC3\xA9x\xE9y\n".as_slice(), InputKind::Text, None);
    assert_eq!(rows.len(), 2);
    assert_eq!(
        error.unwrap(),
        "Line 3 is not UTF-8: byte 4 of the line, at offset 11 in the file, is 0xE9. Convert it first: iconv -f \
         WINDOWS-1252 -t UTF-8 (with the encoding it was saved in)."
    );
    let (rows, error) = read(b"\xEF\xBB\xBFa,b\n1,2\n3,\xFF\n".as_slice(), CSV, Some("a"));
    assert_eq!(rows.len(), 1);
    assert!(error.unwrap().starts_with("Line 3 is not UTF-8: byte 3 of the line, at offset 13 in the file, is 0xFF."));
}

#[test]
fn a_character_that_the_end_cuts_is_told_as_such() {
    assert_eq!(
        refusal(b"a\nb\xE0\xA4", InputKind::Text, None),
        "The file ends in the middle of a character: line 2, byte 2 of the line, offset 3. It may have been cut off; copy \
         it again."
    );
}

#[test]
fn a_file_that_is_packed_or_no_text_is_told_by_its_first_bytes() {
    for (file, kind) in [
        (b"\x1F\x8B\x08\0\0".as_slice(), "gzip-compressed"),
        (b"PK\x03\x04\x14\0".as_slice(), "a ZIP archive or a spreadsheet"),
        (b"%PDF-1.7\n".as_slice(), "a PDF"),
    ] {
        let said = format!("The file is {kind}, and no text: unpack it, or export it as CSV or text first.");
        assert_eq!(refusal(file, InputKind::Text, None), said);
    }
}

#[test]
fn utf16_is_told_by_its_mark_and_by_its_nul_bytes() {
    for file in [b"\xFF\xFEa\0".as_slice(), b"\xFE\xFF\0a", b"\xFF\xFE"] {
        for kind in [InputKind::Text, CSV, InputKind::JsonLines] {
            assert_eq!(
                refusal(file, kind, None),
                "The file is UTF-16: it begins with that byte-order mark. Convert it first: iconv -f UTF-16 -t UTF-8."
            );
        }
    }
    assert_eq!(
        refusal(b"a\nb\0c\0", InputKind::Text, None),
        "Line 2 holds a NUL byte, byte 2 of the line, at offset 3 in the file: this is UTF-16 without a byte-order mark, \
         or no text. Convert it first: iconv -f UTF-16LE -t UTF-8."
    );
}

#[test]
fn a_reader_that_fails_is_told_and_ends_the_rows() {
    struct Broken(u8);
    impl Read for Broken {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0 += 1;
            match self.0 {
                1 => Err(io::ErrorKind::Interrupted.into()),
                2 => (&b"a\nb\nc"[..]).read(buffer),
                _ => Err(io::Error::other("the stick was pulled")),
            }
        }
    }
    for (kind, whole) in [(InputKind::Text, 2), (CSV, 1)] {
        let mut rows = Rows::open(Broken(0), kind, None).unwrap();
        assert_eq!(rows.by_ref().take_while(Result::is_ok).count(), whole);
        assert!(rows.next().is_none());
        let error = read(Broken(0), kind, None).1.unwrap();
        assert_eq!(error, "The file could not be read on: the stick was pulled.");
    }
}
