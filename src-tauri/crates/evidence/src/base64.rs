//! Base64 (RFC 4648, section 4) in its one spelling. The library's strict decoder still reads padded
//! pieces set one behind the other (`Zg==Zg==` as two bytes), so that 32 bytes have other spellings
//! of 44 characters; found by fuzzing. Here padding stands at the very end or nowhere.

use data_encoding::BASE64;

fn padded_at_the_end_only(text: &[u8]) -> bool {
    let unpadded = match text {
        [rest @ .., b'=', b'='] | [rest @ .., b'='] => rest,
        whole => whole,
    };
    !unpadded.contains(&b'=')
}

/// The bytes of a text in the one spelling; `None` for any other text.
#[must_use]
pub fn decode(text: &[u8]) -> Option<Vec<u8>> {
    if padded_at_the_end_only(text) {
        BASE64.decode(text).ok()
    } else {
        None
    }
}

/// [`decode`] for exactly 32 bytes: 44 characters.
#[must_use]
pub fn decode_32(text: &[u8]) -> Option<[u8; 32]> {
    if text.len() != 44 || !padded_at_the_end_only(text) {
        return None;
    }
    let mut out = [0; 33];
    match BASE64.decode_mut(text, &mut out) {
        Ok(32) => out.first_chunk().copied(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_length_has_one_spelling() {
        for length in 0..70 {
            let bytes: Vec<u8> = (0..length).map(|k: u8| k.wrapping_mul(37)).collect();
            let text = BASE64.encode(&bytes);
            assert_eq!(decode(text.as_bytes()).as_ref(), Some(&bytes));
            if let Ok(all) = <[u8; 32]>::try_from(bytes) {
                assert_eq!(decode_32(text.as_bytes()), Some(all));
            }
        }
    }

    #[test]
    fn padded_pieces_are_no_second_spelling() {
        // 5 and 27 bytes: 32 in 44 characters, as one piece of 32 is.
        let pieces = [BASE64.encode(&[7; 5]), BASE64.encode(&[9; 27])].concat();
        assert_eq!(pieces.len(), 44);
        assert!(
            BASE64.decode(pieces.as_bytes()).is_ok(),
            "what the library reads"
        );
        assert_eq!(decode_32(pieces.as_bytes()), None);
        for text in [
            "Zg==Zg==", "Zg=", "Zg", "Zh==", "Zg===", "=", "====", "Zm9v=", "Zm 9v",
        ] {
            assert_eq!(decode(text.as_bytes()), None, "{text}");
        }
    }
}
