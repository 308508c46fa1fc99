import Synchronization
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Writes every frame of a connection to a file, for bug reports and replay.
///
/// The file begins with the 8 bytes `MIENTRC1`. A record is: microseconds since 1970-01-01 UTC (8 bytes), the direction (1 byte, `<` for
/// what came in, `>` for what went out), the frame's length (4 bytes) and the frame; numbers are big-endian.
package final class Trace: Sendable {
    package enum Direction: UInt8, Sendable {
        case incoming = 0x3C
        case outgoing = 0x3E
    }

    package static let magic: [UInt8] = Array("MIENTRC1".utf8)
    package let path: String
    private let descriptor: Locked<CInt>
    private static let serial = Atomic<Int>(0)

    /// Creates `DIRECTORY/NAME-TIME-PID-SERIAL.trace`; nil, with a line on stderr, if that is not possible.
    package init?(directory: String, name: String) {
        let serial = Self.serial.wrappingAdd(1, ordering: .relaxed).newValue
        let path = "\(directory)/\(name)-\(Self.microseconds())-\(getpid())-\(serial).trace"
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0o600)
        guard file >= 0 else {
            let line = "mien: no trace, because \(path) cannot be created: \(errorText(errno))\n"
            _ = line.withCString { write(2, $0, strlen($0)) }
            return nil
        }
        self.path = path
        descriptor = Locked(file)
        append(Self.magic)
    }

    deinit { descriptor.withLock { _ = close($0) } }

    /// Records one frame, without length prefix.
    package func record(_ direction: Direction, _ frame: UnsafeRawBufferPointer) {
        var record: [UInt8] = []
        record.reserveCapacity(13 + frame.count)
        Self.append(Self.microseconds(), to: &record)
        record.append(direction.rawValue)
        let size = UInt32(frame.count)
        for shift in stride(from: 24, through: 0, by: -8) { record.append(UInt8(truncatingIfNeeded: size >> UInt32(shift))) }
        record.append(contentsOf: frame)
        append(record)
    }

    /// Records frames that stand one behind the other, each with its length prefix.
    package func recordFramed(_ direction: Direction, _ frames: UnsafeRawBufferPointer) {
        var at = 0
        while at + 4 <= frames.count {
            let size = Int(UInt32(bigEndian: frames.loadUnaligned(fromByteOffset: at, as: UInt32.self)))
            guard at + 4 + size <= frames.count else { return }
            record(direction, UnsafeRawBufferPointer(rebasing: frames[(at + 4)..<(at + 4 + size)]))
            at += 4 + size
        }
    }

    private func append(_ bytes: [UInt8]) {
        descriptor.withLock { descriptor in
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
                if count < 0, errno == EINTR { continue }
                // A full disk ends the trace, not the call.
                guard count > 0 else { return }
                rest = rest.dropFirst(count)
            }
        }
    }

    private static func append(_ value: UInt64, to record: inout [UInt8]) {
        for shift in stride(from: 56, through: 0, by: -8) { record.append(UInt8(truncatingIfNeeded: value >> UInt64(shift))) }
    }

    private static func microseconds() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return UInt64(time.tv_sec) * 1_000_000 + UInt64(time.tv_nsec) / 1000
    }
}
