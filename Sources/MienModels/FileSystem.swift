#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// An open file, closed with its owner.
struct Descriptor: ~Copyable {
    let number: CInt
    let path: String

    init(reading path: String) throws(ModelStoreError) { try self.init(path, O_RDONLY) }

    init(_ path: String, _ flags: CInt, mode: mode_t = 0o644) throws(ModelStoreError) {
        let number = open(path, flags | O_CLOEXEC, mode)
        guard number >= 0 else { throw FileSystem.failure("cannot open", path) }
        self.number = number
        self.path = path
    }

    deinit { close(number) }

    /// Bytes read; 0 at the end.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(ModelStoreError) -> Int {
        while true {
            #if canImport(Glibc)
            let count = Glibc.read(number, buffer.baseAddress, buffer.count)
            #elseif canImport(Musl)
            let count = Musl.read(number, buffer.baseAddress, buffer.count)
            #else
            let count = Darwin.read(number, buffer.baseAddress, buffer.count)
            #endif
            if count >= 0 { return count }
            if errno != EINTR { throw FileSystem.failure("cannot read", path) }
        }
    }

    func writeAll(_ bytes: [UInt8]) throws(ModelStoreError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(number, $0.baseAddress, $0.count) }
            if count > 0 { rest = rest.dropFirst(count) } else if errno != EINTR { throw FileSystem.failure("cannot write", path) }
        }
    }

    func synchronize() throws(ModelStoreError) {
        guard fsync(number) == 0 else { throw FileSystem.failure("cannot write", path) }
    }
}

/// What the store needs of the file system, each failure with the path and the system's reason.
enum FileSystem {
    struct Facts: Equatable {
        var bytes: Int
        /// Nanoseconds since 1970.
        var modified: Int
        var isDirectory: Bool
        var isRegular: Bool
    }

    /// An error about `path` from `errno`.
    static func failure(_ what: String, _ path: String) -> ModelStoreError {
        let number = errno
        let reason = String(cString: strerror(number))
        return ModelStoreError(number == ENOSPC || number == EDQUOT ? .diskFull : .fileSystem, "\(what) \(path): \(reason)")
    }

    /// `nil` if there is nothing at `path`. Follows links.
    static func facts(_ path: String) -> Facts? {
        var info = stat()
        guard stat(path, &info) == 0 else { return nil }
        #if canImport(Darwin)
        let time = info.st_mtimespec
        #else
        let time = info.st_mtim
        #endif
        let type = info.st_mode & S_IFMT
        return Facts(bytes: Int(info.st_size), modified: Int(time.tv_sec) * 1_000_000_000 + Int(time.tv_nsec),
                     isDirectory: type == S_IFDIR, isRegular: type == S_IFREG)
    }

    static func makeDirectories(_ path: String) throws(ModelStoreError) {
        if let facts = facts(path) {
            guard facts.isDirectory else { throw ModelStoreError(.fileSystem, "\(path) is in the way: it is not a folder") }
            return
        }
        if let slash = path.lastIndex(of: "/"), slash != path.startIndex { try makeDirectories(String(path[..<slash])) }
        // Somebody else may make it at the same moment.
        if mkdir(path, 0o755) != 0, errno != EEXIST { throw failure("cannot make the folder", path) }
    }

    static func read(_ path: String, limit: Int) throws(ModelStoreError) -> [UInt8] {
        let file = try Descriptor(reading: path)
        var bytes: [UInt8] = []
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 64)
        defer { piece.deallocate() }
        while true {
            let count = try file.read(into: piece)
            if count == 0 { return bytes }
            bytes += piece[..<count]
            guard bytes.count <= limit else { throw ModelStoreError(.fileSystem, "\(path) is over the limit of \(limit) bytes") }
        }
    }

    /// Writes a file and sees that it is on the disk.
    static func write(_ bytes: [UInt8], to path: String, mode: mode_t = 0o644) throws(ModelStoreError) {
        let file = try Descriptor(path, O_WRONLY | O_CREAT | O_TRUNC, mode: mode)
        try file.writeAll(bytes)
        try file.synchronize()
    }

    /// Sees that a file or a folder's entries are on the disk.
    static func synchronize(_ path: String) throws(ModelStoreError) { try Descriptor(reading: path).synchronize() }

    static func rename(_ old: String, to new: String) throws(ModelStoreError) {
        #if canImport(Glibc)
        let result = Glibc.rename(old, new)
        #elseif canImport(Musl)
        let result = Musl.rename(old, new)
        #else
        let result = Darwin.rename(old, new)
        #endif
        guard result == 0 else { throw failure("cannot rename \(old) to", new) }
    }

    /// Gives a file a second name. False if there is no such file, or the file system cannot.
    static func link(_ old: String, to new: String) -> Bool {
        #if canImport(Glibc)
        return Glibc.link(old, new) == 0
        #elseif canImport(Musl)
        return Musl.link(old, new) == 0
        #else
        return Darwin.link(old, new) == 0
        #endif
    }

    /// Copies through a reflink or block by block, whatever `cat` would do; never follows a link at `target`.
    static func copy(_ source: String, to target: String) throws(ModelStoreError) {
        let input = try Descriptor(reading: source)
        try remove(target)
        let output = try Descriptor(target, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW)
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 64)
        defer { piece.deallocate() }
        while true {
            let count = try input.read(into: piece)
            if count == 0 { return try output.synchronize() }
            try output.writeAll(Array(piece[..<count]))
        }
    }

    /// Names in a folder, sorted; empty if there is no such folder.
    static func names(in path: String) -> [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
                tuple.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: tuple.pointee)) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Removes a file, a link or a whole folder. Nothing there is fine. Links are removed, not followed.
    static func remove(_ path: String) throws(ModelStoreError) {
        var info = stat()
        guard lstat(path, &info) == 0 else { return }
        if info.st_mode & S_IFMT == S_IFDIR {
            for name in names(in: path) { try remove("\(path)/\(name)") }
            guard rmdir(path) == 0 || errno == ENOENT else { throw failure("cannot remove", path) }
        } else {
            guard unlink(path) == 0 || errno == ENOENT else { throw failure("cannot remove", path) }
        }
    }

    /// Bytes in all files below `path`.
    static func treeBytes(_ path: String) -> Int {
        names(in: path).reduce(0) { sum, name in
            var info = stat()
            guard lstat("\(path)/\(name)", &info) == 0 else { return sum }
            return sum + (info.st_mode & S_IFMT == S_IFDIR ? treeBytes("\(path)/\(name)") : Int(info.st_size))
        }
    }

    /// Bytes that this user may still write where `path` lies; `nil` if the system does not say.
    static func freeBytes(_ path: String) -> Int? {
        var info = statvfs()
        guard statvfs(path, &info) == 0 else { return nil }
        return Int(clamping: UInt64(info.f_bavail).multipliedReportingOverflow(by: UInt64(info.f_frsize)).partialValue)
    }

    static func environment(_ name: String) -> String? {
        guard let value = getenv(name).map({ String(cString: $0) }), !value.isEmpty else { return nil }
        return value
    }
}
