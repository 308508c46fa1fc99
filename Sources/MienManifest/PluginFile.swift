import MienDigest
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A file of a plugin's folder, open. Whatever a manifest names, no link leads out of the folder: none is followed below it.
package struct PluginFile: ~Copyable {
    /// For errors.
    package let path: String
    package let size: Int
    private let descriptor: CInt

    package struct Failure: Error, CustomStringConvertible {
        package let path: String
        package let reason: String
        package var description: String { "\(path) \(reason)" }
    }

    /// - Parameters:
    ///   - name: Names with / between, as `TextRule.file` allows them.
    ///   - limit: Most bytes.
    /// - Throws: `Failure` if it cannot be opened, is a link or lies behind one, is not a regular file, is empty or too large.
    package init(_ name: String, in folder: String, limit: Int) throws(Failure) {
        path = "\(folder)/\(name)"
        var current = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard current >= 0 else { throw Self.failure(folder) }
        let parts = name.split(separator: "/").map(String.init)
        for (index, part) in parts.enumerated() {
            let isLast = index == parts.count - 1
            // A named pipe must not hold us up.
            let next = openat(current, part, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | (isLast ? O_NONBLOCK : O_DIRECTORY))
            let number = errno
            let isLink = next < 0 && Self.isLink(part, in: current)
            close(current)
            guard next >= 0 else {
                let reason = isLink ? "is or lies behind a symbolic link, which is not followed" : "cannot be opened: \(String(cString: strerror(number)))"
                throw Failure(path: path, reason: reason)
            }
            current = next
        }
        var info = stat()
        guard fstat(current, &info) == 0, info.st_mode & S_IFMT == S_IFREG else {
            close(current)
            throw Failure(path: path, reason: "is not a regular file")
        }
        guard info.st_size > 0, info.st_size <= limit else {
            close(current)
            throw Failure(path: path, reason: info.st_size == 0 ? "is empty" : "has \(info.st_size) bytes; at most \(limit) are read")
        }
        size = Int(info.st_size)
        descriptor = current
    }

    deinit { close(descriptor) }

    /// Reads the manifest of a folder.
    ///
    /// - Parameter body: Gets its bytes and its path; what it throws is about the manifest.
    package static func manifest<Manifest>(_ name: String, in folder: String, limit: Int,
                                           _ body: (UnsafeRawBufferPointer, String) throws -> Manifest) throws(ManifestError) -> Manifest {
        do {
            let file = try PluginFile(name, in: folder, limit: limit)
            return try file.withBytes { try body($0, "\(folder)/\(name)") }
        } catch let error as ManifestError {
            throw error
        } catch let error as Failure {
            throw ManifestError(file: error.path, error.reason)
        } catch {
            throw ManifestError(file: "\(folder)/\(name)", "\(error)")
        }
    }

    /// Whether there is anything of that name, a dangling link included.
    package static func exists(_ path: String) -> Bool {
        var info = stat()
        return lstat(path, &info) == 0
    }

    /// Gives the body all bytes, in memory of our own: what is checked and what is used are the same, whoever writes to the file meanwhile.
    package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) throws -> Result {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 64)
        defer { buffer.deallocate() }
        var filled = 0
        while filled < size {
            #if canImport(Glibc)
            let count = Glibc.read(descriptor, buffer.baseAddress! + filled, size - filled)
            #elseif canImport(Musl)
            let count = Musl.read(descriptor, buffer.baseAddress! + filled, size - filled)
            #else
            let count = Darwin.read(descriptor, buffer.baseAddress! + filled, size - filled)
            #endif
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                throw Failure(path: path, reason: count == 0 ? "became shorter while it was read" : "cannot be read: \(String(cString: strerror(errno)))")
            }
            filled += count
        }
        return try body(UnsafeRawBufferPointer(buffer))
    }

    /// The same, of a file whose digest is known, in lower-case hexadecimal digits.
    ///
    /// - Throws: `Failure` with both digests if it has another.
    package func withBytes<Result>(sha256 expected: String, _ body: (UnsafeRawBufferPointer) throws -> Result) throws -> Result {
        try withBytes { bytes in
            var hash = SHA256()
            hash.update(bytes)
            try check(hash.finish().hexadecimal, expected)
            return try body(bytes)
        }
    }

    /// Maps a file whose digest is known, for reading. Whoever writes to it afterwards changes what is seen: for files that are too large to be copied.
    ///
    /// - Throws: `Failure`, as `withBytes(sha256:)`.
    package func mapped(sha256 expected: String) throws(Failure) -> Mapping {
        guard let start = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), start != MAP_FAILED else {
            throw Failure(path: path, reason: "cannot be mapped: \(String(cString: strerror(errno)))")
        }
        let mapping = Mapping(bytes: UnsafeRawBufferPointer(start: start, count: size))
        var hash = SHA256()
        hash.update(mapping.bytes)
        try check(hash.finish().hexadecimal, expected)
        return mapping
    }

    /// A file in memory, as long as this lives.
    package final class Mapping: @unchecked Sendable {
        package let bytes: UnsafeRawBufferPointer

        fileprivate init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

        deinit { munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress!), bytes.count) }
    }

    private func check(_ found: String, _ expected: String) throws(Failure) {
        guard found == expected else { throw Failure(path: path, reason: "has SHA-256 \(found), and its manifest states \(expected)") }
    }

    private static func isLink(_ name: String, in folder: CInt) -> Bool {
        var info = stat()
        return fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) == 0 && info.st_mode & S_IFMT == S_IFLNK
    }

    private static func failure(_ path: String) -> Failure { Failure(path: path, reason: "cannot be opened: \(String(cString: strerror(errno)))") }
}
