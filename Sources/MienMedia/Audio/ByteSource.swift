#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// The bytes of a recording, in memory or in an open file, with a reading position.
final class ByteSource {
    private enum Storage {
        case memory([UInt8])
        /// Owned.
        case descriptor(Int32)
    }

    private let storage: Storage
    /// Fixed when opened: what is appended to a file later is not seen, and what is cut off later ends it early.
    let count: Int
    var position = 0
    /// `errno` of the first read that failed.
    private(set) var failure: Int32?

    init(_ bytes: [UInt8]) {
        storage = .memory(bytes)
        count = bytes.count
    }

    init(path: String) throws(MediaFileError) {
        let (descriptor, size) = try MediaFile.openRegular(path)
        storage = .descriptor(descriptor)
        count = size
    }

    deinit {
        if case .descriptor(let descriptor) = storage { close(descriptor) }
    }

    /// - Returns: Bytes copied: fewer than asked for at the end or after a failure.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) -> Int {
        guard offset >= 0, offset < count else { return 0 }
        let wanted = min(buffer.count, count - offset)
        switch storage {
        case .memory(let bytes):
            bytes.withUnsafeBytes { buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[offset..<(offset + wanted)])) }
            return wanted
        case .descriptor(let descriptor):
            var filled = 0
            while filled < wanted {
                let got = pread(descriptor, buffer.baseAddress! + filled, wanted - filled, off_t(offset + filled))
                if got < 0 && errno == EINTR { continue }
                if got < 0 { failure = failure ?? errno }
                if got <= 0 { break }
                filled += got
            }
            return filled
        }
    }

    func bytes(at offset: Int, count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: max(0, count)) { $1 = read(into: UnsafeMutableRawBufferPointer($0), at: offset) }
    }

    func starts(with signature: String, at offset: Int) -> Bool {
        bytes(at: offset, count: signature.utf8.count).elementsEqual(signature.utf8)
    }

    /// The unsigned number of `width` bytes at `offset`; `nil` if the bytes end before.
    func integer(at offset: Int, width: Int, bigEndian: Bool) -> UInt64? {
        let bytes = bytes(at: offset, count: width)
        guard bytes.count == width else { return nil }
        return (bigEndian ? bytes : bytes.reversed()).reduce(0) { $0 << 8 | UInt64($1) }
    }

    var failureText: String? { failure.map { String(cString: strerror($0)) } }
}
