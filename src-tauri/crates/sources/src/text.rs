//! Text as UTF-8, whatever Unicode form its file has.
//!
//! RFC 8259 wants UTF-8. PowerShell 5.1 writes UTF-16 with a byte order mark, other tools UTF-16 without one; both are
//! read, strictly: what is no text is an error, never a replacement character.

use std::io::{self, BufRead, Read};

use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_16BE, UTF_16LE};

use crate::error::ReadError;
use crate::packed::refuse;

/// The mark that some writers put before UTF-8.
pub(crate) const BOM: &[u8] = b"\xef\xbb\xbf";

/// The 16-bit form that a text begins in, if it does: by its mark, or by two ASCII characters.
fn form(first: &[u8]) -> Option<&'static Encoding> {
    let plain = |byte: u8| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~');
    match *first {
        [0xff, 0xfe, ..] => Some(UTF_16LE),
        [0xfe, 0xff, ..] => Some(UTF_16BE),
        [a, 0, b, 0, ..] if plain(a) && plain(b) => Some(UTF_16LE),
        [0, a, 0, b, ..] if plain(a) && plain(b) => Some(UTF_16BE),
        _ => None,
    }
}

/// First bytes as UTF-8: to look at, never to keep.
pub(crate) fn head_as_utf8(first: &[u8]) -> Vec<u8> {
    match form(first) {
        None => first.to_vec(),
        Some(form) => form
            .decode_with_bom_removal(first)
            .0
            .into_owned()
            .into_bytes(),
    }
}

/// The text of a reader as UTF-8. Bytes that are UTF-8 already, or nothing known, are handed on as they are.
///
/// # Errors
/// Those of the reader; later [`ReadError::NotUtf16`], as an I/O error that [`refusal`](crate::refusal) gives back.
pub(crate) fn as_utf8<'r>(mut reader: impl BufRead + 'r) -> io::Result<Box<dyn BufRead + 'r>> {
    match form(reader.fill_buf()?) {
        None => Ok(Box::new(reader)),
        Some(form) => Ok(Box::new(io::BufReader::with_capacity(
            64 << 10,
            Utf16 {
                inner: reader,
                decoder: form.new_decoder_with_bom_removal(),
                taken: 0,
                ended: false,
            },
        ))),
    }
}

/// UTF-16 as UTF-8.
struct Utf16<R> {
    inner: R,
    decoder: Decoder,
    taken: u64,
    ended: bool,
}

impl<R: BufRead> Read for Utf16<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        // A character takes up to four bytes; a shorter buffer would never be filled.
        if out.len() < 4 || self.ended {
            return Ok(0);
        }
        loop {
            let bytes = self.inner.fill_buf()?;
            let last = bytes.is_empty();
            let (result, read, written) = self
                .decoder
                .decode_to_utf8_without_replacement(bytes, out, last);
            self.inner.consume(read);
            self.taken += read as u64;
            match result {
                DecoderResult::Malformed(..) => {
                    self.ended = true;
                    return Err(refuse(ReadError::NotUtf16 { at: self.taken }));
                }
                _ if written > 0 => return Ok(written),
                DecoderResult::InputEmpty if last => {
                    self.ended = true;
                    return Ok(0);
                }
                _ => {}
            }
        }
    }
}
