//! What of a module's PTX matters here: its kernels and their parameters.

/// A kernel's name and the bytes of each parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kernel {
    pub(crate) name: String,
    pub(crate) parameters: Vec<usize>,
    /// Bytes of static shared memory, of which a module has one lot here.
    pub(crate) shared: u32,
    /// Threads of a block that it was compiled for.
    pub(crate) threads: u32,
    /// CRC-32 of the text that it is in.
    pub(crate) code: u32,
}

/// As zlib's.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 }))
}

/// Bytes of a parameter's declaration; an error in words.
fn size_of(declaration: &str) -> Result<usize, String> {
    let unread = || format!("parameter declaration not understood: {declaration}");
    let ty = |word: &str| {
        Some(match word {
            ".u8" | ".s8" | ".b8" | ".pred" => 1,
            ".u16" | ".s16" | ".b16" | ".f16" => 2,
            ".u32" | ".s32" | ".b32" | ".f32" => 4,
            ".u64" | ".s64" | ".b64" | ".f64" => 8,
            ".b128" => 16,
            _ => return None,
        })
    };
    let one = declaration.split_whitespace().find_map(ty).ok_or_else(unread)?;
    match declaration.split_once('[') {
        None => Ok(one),
        Some((_, rest)) => {
            let count = rest.split(']').next().and_then(|n| n.trim().parse::<usize>().ok()).ok_or_else(unread)?;
            Ok(one * count)
        }
    }
}

/// The kernels of PTX, or what is wrong with it as a compiler would write.
pub(crate) fn kernels(text: &str) -> Result<Vec<Kernel>, String> {
    let code = crc32(text.as_bytes());
    let text: String = text.lines().map(|line| line.split("//").next().unwrap_or("")).collect::<Vec<_>>().join("\n");
    for directive in [".version", ".target", ".address_size"] {
        if !text.contains(directive) {
            return Err(format!("ptxas application ptx input, line 1; fatal   : Missing {directive} directive"));
        }
    }
    let mut shared = 0;
    for declaration in text.split([';', '{', '}']) {
        if let Some(of) = declaration.trim_start().strip_prefix(".shared") {
            shared += size_of(of)? as u32;
        }
    }
    let mut found = Vec::new();
    for part in text.split(".entry").skip(1) {
        let (name, rest) = part.split_once(['(', '{']).ok_or("ptxas fatal   : an entry without a body")?;
        let parameters =
            if part[name.len()..].starts_with('(') { rest.split_once(')').ok_or("ptxas fatal   : an unended parameter list")?.0 } else { "" };
        let sizes = parameters.split(',').filter(|p| !p.trim().is_empty()).map(size_of).collect::<Result<Vec<_>, _>>()?;
        let threads = part.split(".maxntid").nth(1).map_or(1024, |rest| {
            let numbers = rest.split(['{', '.', '\n']).next().unwrap_or("").split(',').map(|n| n.trim().parse::<u32>().unwrap_or(1));
            numbers.product()
        });
        found.push(Kernel { name: name.split_whitespace().next().unwrap_or_default().to_owned(), parameters: sizes, shared, threads, code });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_read_from_their_declarations() {
        let text = ".version 7.0\n.target sm_75\n.address_size 64\n.visible .entry f(\n .param .u64 .ptr .global .align 4 f_param_0, // the array\n .param .f32 f_param_1,\n .param .align 8 .b8 f_param_2[24]\n)\n{ ret; }\n.entry g { ret; }";
        let code = crc32(text.as_bytes());
        let kernel = |name: &str, parameters: &[usize]| Kernel { name: name.into(), parameters: parameters.into(), shared: 0, threads: 1024, code };
        assert_eq!(kernels(text).unwrap(), [kernel("f", &[8, 4, 24]), kernel("g", &[])]);
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        let more = text.replace("{ ret; }", ".maxntid 32, 4\n{\n.shared .align 4 .b8 own[96];\nld.shared.u32 %r1, [own];\nret; }");
        let found = kernels(&more).unwrap();
        assert_eq!(found.iter().map(|k| (k.shared, k.threads)).collect::<Vec<_>>(), [(192, 128), (192, 128)]);
        assert!(kernels("nonsense").unwrap_err().contains("Missing .version"));
    }
}
