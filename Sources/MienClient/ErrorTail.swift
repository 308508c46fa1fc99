import CProcess
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif
import MienWire

/// Empties a child's stderr for as long as it lasts, so that the child never blocks on it, and keeps the last part.
final class ErrorTail: Sendable {
    static let limit = 64 << 10
    private let kept = Locked<[UInt8]>([])

    init(descriptor: CInt) {
        // A thread of its own: a read from a pipe blocks, and nothing else here may.
        let reader = Unmanaged.passRetained(Reader(tail: self, descriptor: descriptor))
        let status = mien_start_thread("mien-stderr", 256 << 10, { Unmanaged<Reader>.fromOpaque($0!).takeRetainedValue().run() }, reader.toOpaque())
        if status != 0 {
            reader.release()
            close(descriptor)
        }
    }

    var text: String { kept.withLock { String(decoding: $0, as: UTF8.self) } }

    fileprivate func append(_ bytes: ArraySlice<UInt8>) {
        kept.withLock { kept in
            kept += bytes
            if kept.count > Self.limit { kept.removeFirst(kept.count - Self.limit) }
        }
    }

    private final class Reader {
        let tail: ErrorTail
        let descriptor: CInt
        init(tail: ErrorTail, descriptor: CInt) {
            self.tail = tail
            self.descriptor = descriptor
        }

        func run() {
            var buffer = [UInt8](repeating: 0, count: 4096)
            while true {
                let count = read(descriptor, &buffer, buffer.count)
                if count > 0 { tail.append(buffer[..<count]) } else if count == 0 || errno != EINTR { break }
            }
            close(descriptor)
        }
    }
}
