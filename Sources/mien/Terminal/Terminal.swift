#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// What the stream we print to can show.
struct Terminal: Sendable {
    /// Escape sequences for colour.
    var colours: Bool
    /// Box and block characters.
    var unicode: Bool
    /// Columns; nil: not a terminal, lines may be of any length.
    var width: Int?
    var isInteractive: Bool

    /// Nothing but plain text, as for a pipe.
    static let plain = Terminal(colours: false, unicode: true, width: nil, isInteractive: false)

    /// Looks at a file descriptor and at NO_COLOR, TERM, COLUMNS and the locale.
    init(descriptor: CInt) {
        let interactive = isatty(descriptor) == 1
        let dumb = variable("TERM") == "dumb"
        isInteractive = interactive && !dumb
        colours = isInteractive && (variable("NO_COLOR") ?? "").isEmpty
        let locale = [variable("LC_ALL"), variable("LC_CTYPE"), variable("LANG")].lazy.compactMap { $0 }.first { !$0.isEmpty } ?? ""
        // A pipe gets UTF-8 like every other text file of our time; an old terminal must ask for it.
        unicode = !interactive || ["UTF-8", "UTF8", "utf-8", "utf8"].contains { locale.hasSuffix($0) }
        width = interactive ? Self.columns(of: descriptor) : nil
    }

    init(colours: Bool, unicode: Bool, width: Int?, isInteractive: Bool) {
        self.colours = colours
        self.unicode = unicode
        self.width = width
        self.isInteractive = isInteractive
    }

    private static func columns(of descriptor: CInt) -> Int {
        if let set = variable("COLUMNS").flatMap({ Int($0) }), set > 0 { return set }
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    enum Style: Int {
        case bold = 1, dim = 2, red = 31, green = 32, yellow = 33, cyan = 36
    }

    func styled(_ text: String, _ style: Style) -> String { colours ? "\u{1b}[\(style.rawValue)m\(text)\u{1b}[0m" : text }
}

/// A variable of the environment.
func variable(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
}

/// Prints to stdout what belongs to the answer. The end of the reader (`mien face ... | head`) ends the tool quietly.
func say(_ text: String) {
    writeAll(1, text + "\n")
}

/// Prints to stderr what is about the work, not of it.
func complain(_ text: String) {
    writeAll(2, "mien: \(text)\n")
}

func writeAll(_ descriptor: CInt, _ text: String) {
    var text = text
    text.withUTF8 { buffer in
        var rest = UnsafeRawBufferPointer(buffer)
        while !rest.isEmpty {
            let written = write(descriptor, rest.baseAddress, rest.count)
            if written < 0 {
                if errno == EINTR { continue }
                if errno == EPIPE, descriptor == 1 { exit(ExitStatus.success) }
                return
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[written...])
        }
    }
}

/// Columns that a text takes on a terminal: 2 for East Asian wide characters and emoji, 0 for combining marks.
func displayWidth(_ text: String) -> Int {
    text.reduce(0) { sum, character in
        guard let scalar = character.unicodeScalars.first else { return sum }
        switch scalar.value {
        case 0..<0x20, 0x7f..<0xa0: return sum
        case 0x1100...0x115f, 0x2e80...0xa4cf, 0xac00...0xd7a3, 0xf900...0xfaff, 0xfe30...0xfe6f, 0xff00...0xff60, 0xffe0...0xffe6,
             0x1f300...0x1faff, 0x20000...0x3fffd:
            return sum + 2
        default: return sum + 1
        }
    }
}

/// Cuts a text in its middle so that it takes at most `width` columns.
func shortened(_ text: String, to width: Int, unicode: Bool) -> String {
    guard displayWidth(text) > width else { return text }
    let mark = unicode ? "…" : "~"
    guard width > 1 else { return mark }
    let characters = Array(text)
    var head = 0, tail = 0, used = 1
    while head + tail < characters.count {
        let takeTail = tail <= head
        let next = takeTail ? characters[characters.count - 1 - tail] : characters[head]
        let columns = displayWidth(String(next))
        guard used + columns <= width else { break }
        used += columns
        if takeTail { tail += 1 } else { head += 1 }
    }
    return String(characters[..<head]) + mark + String(characters[(characters.count - tail)...])
}

/// A name from outside, made safe to print: no control characters that could move the cursor.
func printable(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 0x20 || (0x7f..<0xa0).contains($0.value) ? "?" : $0 }))
}
