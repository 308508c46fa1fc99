#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The bytes of a file, mapped into memory and read on demand; unmapped when the last user lets go.
///
/// The bytes never change through this object. Someone who shortens the file while it is mapped makes a read past the new end fatal
/// (SIGBUS), which is why the model store replaces files by renaming and never writes into them.
package final class MappedFile: @unchecked Sendable {
    /// Valid as long as this object lives.
    package let bytes: UnsafeRawBufferPointer
    private let memory: Memory

    private enum Memory { case mapped, copied, borrowed }

    /// Maps the regular file at `path`.
    ///
    /// - Throws: `ModelFileError` `.unreadable` if it is missing, not a regular file, larger than `limit` bytes, or cannot be mapped.
    package init(path: String, limit: Int = .max) throws(ModelFileError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) // a named pipe must not hold us up
        guard descriptor >= 0 else { throw Self.failure(path, "cannot be opened") }
        defer { close(descriptor) }
        var info = stat()
        guard fstat(descriptor, &info) == 0 else { throw Self.failure(path, "cannot be read") }
        guard info.st_mode & S_IFMT == S_IFREG else { throw ModelFileError(.unreadable, file: path, "is not a regular file") }
        let size = Int(info.st_size)
        guard size <= limit else {
            throw ModelFileError(.unreadable, file: path, "has \(size) bytes; at most \(limit) are read")
        }
        guard size > 0 else { // mmap refuses empty files; for the parsers they are just short
            bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            memory = .copied
            return
        }
        guard let start = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), start != MAP_FAILED else {
            throw Self.failure(path, "cannot be mapped")
        }
        bytes = UnsafeRawBufferPointer(start: start, count: size)
        memory = .mapped
    }

    /// Whether there is anything at `path`.
    package static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// Stands for bytes that are part of the program.
    package init(static contents: UnsafeRawBufferPointer) {
        bytes = contents
        memory = .borrowed
    }

    /// Holds a copy of `contents` in place of a file.
    package init(copying contents: UnsafeRawBufferPointer) {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: contents.count, alignment: 64)
        copy.copyMemory(from: contents)
        bytes = UnsafeRawBufferPointer(copy)
        memory = .copied
    }

    deinit {
        switch memory {
        case .mapped: munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress!), bytes.count)
        case .copied: bytes.deallocate()
        case .borrowed: break
        }
    }

    private static func failure(_ path: String, _ what: String) -> ModelFileError {
        ModelFileError(.unreadable, file: path, "\(what): \(String(cString: strerror(errno)))")
    }
}
