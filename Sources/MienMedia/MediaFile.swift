#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Why a file that a request names could not be read.
package struct MediaFileError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Stable: clients decide by it.
    package enum Reason: String, Sendable {
        case notFound = "FILE_NOT_FOUND"
        case forbidden = "FILE_FORBIDDEN"
        /// A directory, pipe, socket or device.
        case notRegular = "FILE_NOT_REGULAR"
        case tooLarge = "FILE_TOO_LARGE"
        case unreadable = "FILE_UNREADABLE"
    }

    package let reason: Reason
    package let path: String
    package let description: String

    init(_ reason: Reason, _ path: String, _ why: String) {
        self.reason = reason
        self.path = path
        description = "\(path): \(why)"
    }
}

package enum MediaFile {
    /// 256 MiB.
    package static let defaultLimit = 256 << 20

    /// Opens a regular file for reading. The caller closes the descriptor.
    ///
    /// Opens without waiting and refuses all but regular files, so that a pipe or device named by a client cannot hold a thread.
    static func openRegular(_ path: String) throws(MediaFileError) -> (descriptor: Int32, size: Int) {
        guard !path.isEmpty, !path.utf8.contains(0) else { throw MediaFileError(.notFound, path, "not a path") }
        var descriptor: Int32
        repeat { descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY) } while descriptor < 0 && errno == EINTR
        guard descriptor >= 0 else { throw failure(path, errno) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            let code = errno
            close(descriptor)
            throw failure(path, code)
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw MediaFileError(.notRegular, path, "not a regular file")
        }
        return (descriptor, Int(status.st_size))
    }

    /// The bytes of a regular file, opened as `openRegular` does.
    package static func read(_ path: String, limit: Int = defaultLimit) throws(MediaFileError) -> [UInt8] {
        let (descriptor, size) = try openRegular(path)
        defer { close(descriptor) }
        let tooLarge = MediaFileError(.tooLarge, path, "over the limit of \(limit) bytes")
        guard size <= limit else { throw tooLarge }

        // The stated size is a guess only: files under /proc state 0, and a file may grow while it is read.
        var bytes = [UInt8](repeating: 0, count: size + 1)
        var filled = 0
        while true {
            if filled == bytes.count { bytes.append(contentsOf: repeatElement(0, count: max(bytes.count, 4096))) }
            let count = bytes.withUnsafeMutableBytes { buffer in
                #if canImport(Darwin)
                Darwin.read(descriptor, buffer.baseAddress! + filled, buffer.count - filled)
                #elseif canImport(Musl)
                Musl.read(descriptor, buffer.baseAddress! + filled, buffer.count - filled)
                #else
                Glibc.read(descriptor, buffer.baseAddress! + filled, buffer.count - filled)
                #endif
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw failure(path, errno)
            }
            if count == 0 { break }
            filled += count
            guard filled <= limit else { throw tooLarge }
        }
        bytes.removeLast(bytes.count - filled)
        return bytes
    }

    private static func failure(_ path: String, _ code: Int32) -> MediaFileError {
        let why = String(cString: strerror(code))
        switch code {
        case ENOENT, ENOTDIR, ENAMETOOLONG, ELOOP: return MediaFileError(.notFound, path, why)
        case EACCES, EPERM: return MediaFileError(.forbidden, path, why)
        case EISDIR, ENXIO, ENODEV: return MediaFileError(.notRegular, path, why)
        default: return MediaFileError(.unreadable, path, why)
        }
    }
}
