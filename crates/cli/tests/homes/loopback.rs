//! A server on this machine that accepts any post.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};

/// Answers every request with this status, and returns the posted bodies.
pub(crate) fn serve(server: TcpListener, status: &'static str) -> Receiver<String> {
    let (sender, bodies) = channel();
    std::thread::spawn(move || {
        for stream in server.incoming().map_while(Result::ok) {
            let Some(body) = answer(&stream, status) else { continue };
            if sender.send(body).is_err() {
                return;
            }
        }
    });
    bodies
}

fn answer(stream: &TcpStream, status: &str) -> Option<String> {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let line = line.trim().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let mut out = stream;
    out.write_all(format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").as_bytes()).ok()?;
    String::from_utf8(body).ok()
}
