//! A file that is made to be given to others, written where it was wanted: whole or not at all, and for its owner alone.

use super::CliError;
use super::terminal::Terminal;
use std::io::Write;
use std::path::Path;

/// Writes it, or prints it where `-` was given; says whether there is a file. One that exists is left as it is.
pub(crate) fn write(text: &str, to: &Path, terminal: &Terminal) -> Result<bool, CliError> {
    if to == Path::new("-") {
        terminal.out(text)?;
        return Ok(false);
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(to).and_then(|mut file| {
        // Half of it is of no use, and would keep the next one from being written.
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).inspect_err(|_| {
            let _the_first_error_counts = std::fs::remove_file(to);
        })
    });
    written.map_err(|error| {
        let why =
            if error.kind() == std::io::ErrorKind::AlreadyExists { "it exists; give another name".to_owned() } else { error.to_string() };
        CliError::Usage(format!("cannot write `{}`: {why}", to.display()))
    })?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_is_for_its_owner_alone_and_one_that_exists_stays() {
        let (folder, terminal) = (tempfile::tempdir().unwrap(), Terminal::of_process());
        let to = folder.path().join("session.json");
        assert!(write("one", &to, &terminal).unwrap());
        #[cfg(unix)]
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&to).unwrap().permissions()) & 0o777, 0o600);
        let refused = write("two", &to, &terminal).unwrap_err().to_string();
        assert!(refused.contains("it exists; give another name"), "{refused}");
        assert_eq!(std::fs::read_to_string(&to).unwrap(), "one");
        let nowhere = write("one", &folder.path().join("none/session.json"), &terminal).unwrap_err();
        assert_eq!(nowhere.exit(), crate::cli::Exit::Usage);
    }
}
