import MienWire
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

enum StandardInput {
    /// All of stdin.
    ///
    /// - Throws: `Failure` if it cannot be read or is longer than `limit` bytes.
    static func read(limit: Int) throws -> [UInt8] {
        var bytes: [UInt8] = [], part = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            #if canImport(Glibc)
            let count = Glibc.read(0, &part, part.count)
            #elseif canImport(Musl)
            let count = Musl.read(0, &part, part.count)
            #else
            let count = Darwin.read(0, &part, part.count)
            #endif
            if count == 0 { return bytes }
            if count < 0 {
                if errno == EINTR { continue }
                throw Failure("stdin cannot be read: \(String(cString: strerror(errno)))", code: ExitStatus.noInput)
            }
            bytes += part[..<count]
            guard bytes.count <= limit else { throw Failure("stdin is longer than \(limit) bytes", code: ExitStatus.noInput) }
        }
    }
}

enum OutputFile {
    /// Writes a file whole or not at all: first beside its place, then moved there.
    ///
    /// - Throws: `Failure`.
    static func write(_ bytes: [UInt8], to path: String) throws {
        let temporary = temporary(for: path)
        let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard file >= 0 else { throw failure(path) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { buffer in
                #if canImport(Glibc)
                Glibc.write(file, buffer.baseAddress, buffer.count)
                #elseif canImport(Musl)
                Musl.write(file, buffer.baseAddress, buffer.count)
                #else
                Darwin.write(file, buffer.baseAddress, buffer.count)
                #endif
            }
            if count < 0 {
                if errno == EINTR { continue }
                let error = failure(path)
                close(file)
                unlink(temporary)
                throw error
            }
            rest = rest.dropFirst(count)
        }
        guard close(file) == 0 else {
            let error = failure(path)
            unlink(temporary)
            throw error
        }
        try move(temporary, to: path)
    }

    /// Where to write what is to become `path` once it is whole: beside it.
    static func temporary(for path: String) -> String { "\(path).\(getpid()).part" }

    /// Puts a file that is whole in its place, and in that of what was there; removes it if that cannot be done.
    ///
    /// - Throws: `Failure`.
    static func move(_ temporary: String, to path: String) throws {
        guard rename(temporary, path) == 0 else {
            let error = failure(path)
            unlink(temporary)
            throw error
        }
    }

    /// Removes what is left of a file that was not finished.
    static func remove(_ path: String) { unlink(path) }

    private static func failure(_ path: String) -> Failure {
        Failure("\(path) cannot be written: \(String(cString: strerror(errno)))", code: ExitStatus.cannotCreate)
    }
}

/// First executable of that name in PATH.
func findTool(_ name: String) -> String? { SpawnCommand.find(name, from: absolute(".")) }
