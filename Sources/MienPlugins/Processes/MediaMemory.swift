import CProcess
import MienMessages
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Memory that the host writes to and one process of a plugin reads: inputs that are too large to be copied through a pipe several times. One question at a time uses it.
final class MediaMemory: @unchecked Sendable {
    /// As much as a message may have. What is not used takes no memory.
    static let capacity = 64 << 20

    /// For the process, until `close`.
    let descriptor: CInt
    private let start: UnsafeMutableRawPointer

    /// Nil where the system has no such memory.
    init?() {
        var start: UnsafeMutableRawPointer?, descriptor: CInt = -1
        guard mien_shared_memory(UInt64(Self.capacity), &start, &descriptor) == 0, let start else { return nil }
        self.start = start
        self.descriptor = descriptor
    }

    deinit { munmap(start, Self.capacity) }

    /// The process has it.
    func closeDescriptor() { close(descriptor) }

    /// Writes the inputs one behind the other, in place of those of the question before.
    ///
    /// - Returns: Where they lie; nil if there is not enough room.
    func place(_ inputs: [[UInt8]]) -> [Proto.MediaSpan]? {
        var spans: [Proto.MediaSpan] = [], end = 0
        for input in inputs {
            guard input.count <= Self.capacity - end else { return nil }
            input.withUnsafeBytes { (start + end).copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(start), byteCount: $0.count) }
            spans.append(Proto.MediaSpan(offset: UInt64(end), size: UInt64(input.count)))
            // The capacity is a multiple of it as well.
            end = (end + input.count + 63) & ~63
        }
        return spans
    }
}
