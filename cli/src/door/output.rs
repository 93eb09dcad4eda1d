//! Where output goes: stdout in the form that was asked for, and files that appear whole or not at all.

use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anstream::{AutoStream, ColorChoice};
use semel_reports::Glyphs;
use semel_reports::text::Detail;

use super::args::{Color, Format, Global};
use super::failure::Failure;

/// How this command talks.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Manner {
    pub(crate) format: Format,
    pub(crate) glyphs: Glyphs,
    pub(crate) detail: Detail,
    color: Color,
}

impl From<Global> for Manner {
    fn from(global: Global) -> Self {
        Self {
            format: global.format,
            glyphs: if global.ascii {
                Glyphs::Ascii
            } else {
                Glyphs::Unicode
            },
            detail: match (global.quiet, global.verbose) {
                (true, _) => Detail::Quiet,
                (_, true) => Detail::Verbose,
                _ => Detail::Normal,
            },
            color: global.color,
        }
    }
}

impl Manner {
    /// Whether a stream gets colours.
    pub(crate) fn choice(self, stream: &impl IsTerminal) -> ColorChoice {
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        match self.color {
            Color::Always => ColorChoice::AlwaysAnsi,
            Color::Auto if !unwanted && stream.is_terminal() => ColorChoice::AlwaysAnsi,
            Color::Auto | Color::Never => ColorChoice::Never,
        }
    }

    /// Says something to a person who waits, whatever stdout is for.
    pub(crate) fn aside(self, text: &str) {
        let mut stderr = AutoStream::new(io::stderr(), self.choice(&io::stderr()));
        let _ = stderr.write_all(text.as_bytes());
    }
}

/// Stdout. A reader who has heard enough is no error.
pub(crate) struct Out {
    stream: AutoStream<io::Stdout>,
    closed: bool,
}

impl Out {
    /// Stdout in this manner. Machine formats are never coloured: there is nothing to strip, and rows are many.
    pub(crate) fn new(manner: Manner) -> Self {
        let stdout = io::stdout();
        let choice = match manner.format {
            Format::Human => manner.choice(&stdout),
            Format::Json | Format::Jsonl => ColorChoice::AlwaysAnsi,
        };
        Self {
            stream: AutoStream::new(stdout, choice),
            closed: false,
        }
    }

    /// Writes and flushes.
    pub(crate) fn say(&mut self, text: &str) -> Result<(), Failure> {
        if self.closed || text.is_empty() {
            return Ok(());
        }
        let written = self.stream.write_all(text.as_bytes());
        match written.and_then(|()| self.stream.flush()) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(())
            }
            Err(error) => Err(Failure::Unwritable(format!(
                "cannot write to stdout: {error}"
            ))),
        }
    }
}

/// A file that is being written. It gets its name when it is whole; until then what was there stays there.
pub(crate) struct Draft {
    flag: &'static str,
    path: PathBuf,
    unfinished: Option<PathBuf>,
    file: BufWriter<File>,
}

impl Draft {
    /// The same of a path that may have been left out.
    pub(crate) fn begin_if(
        flag: &'static str,
        path: Option<&PathBuf>,
    ) -> Result<Option<Self>, Failure> {
        path.map(|path| Self::begin(flag, path)).transpose()
    }

    /// Begins to write `path`, which `flag` names. Fails now, before any work, if that is impossible.
    pub(crate) fn begin(flag: &'static str, path: &Path) -> Result<Self, Failure> {
        let open = || -> io::Result<(Option<PathBuf>, File)> {
            // A device or a pipe is written as it is; a symbolic link keeps pointing where it does.
            let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
            match fs::metadata(&real) {
                Ok(meta) if meta.is_dir() => Err(io::Error::other("it is a directory")),
                Ok(meta) if !meta.is_file() => Ok((None, File::options().write(true).open(&real)?)),
                Ok(meta) if meta.permissions().readonly() => {
                    Err(io::Error::other("the file is read-only"))
                }
                _ => {
                    let draft =
                        beside(&real).ok_or_else(|| io::Error::other("it has no file name"))?;
                    let file = File::create(&draft)?;
                    Ok((Some(draft), file))
                }
            }
        };
        let (draft, file) = open().map_err(|why| Failure::unwritable(flag, path, &why))?;
        Ok(Self {
            flag,
            path: fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()),
            unfinished: draft,
            file: BufWriter::new(file),
        })
    }

    /// Adds to the file.
    pub(crate) fn add(&mut self, text: &str) -> Result<(), Failure> {
        let written = self.file.write_all(text.as_bytes());
        written.map_err(|why| self.broken(&why))
    }

    /// Gives the file its name.
    pub(crate) fn finish(mut self) -> Result<(), Failure> {
        let flushed = self.file.flush();
        flushed.map_err(|why| self.broken(&why))?;
        if let Some(draft) = &self.unfinished {
            fs::rename(draft, &self.path).map_err(|why| self.broken(&why))?;
            self.unfinished = None;
        }
        Ok(())
    }

    /// It could not be written after all.
    pub(crate) fn broken(&self, why: &io::Error) -> Failure {
        let (flag, path) = (self.flag, self.path.display());
        Failure::Unwritable(format!("{flag} {path}: cannot go on writing: {why}"))
    }
}

impl Write for Draft {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if let Some(draft) = &self.unfinished {
            let _ = fs::remove_file(draft);
        }
    }
}

/// A name for a draft in the same folder.
fn beside(path: &Path) -> Option<PathBuf> {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name()?);
    name.push(format!(".{}", std::process::id()));
    Some(path.with_file_name(name))
}
