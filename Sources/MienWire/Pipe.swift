import CProcess
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A pipe for a child: no other child inherits its ends by accident, and those that are not taken close with it.
package final class Pipe {
    package private(set) var readEnd: CInt
    package private(set) var writeEnd: CInt

    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    package init() throws(Failure) {
        var ends: [CInt] = [-1, -1]
        let status = mien_pipe(&ends)
        guard status == 0 else { throw Failure(description: "no pipe: \(String(cString: strerror(status)))") }
        (readEnd, writeEnd) = (ends[0], ends[1])
    }

    /// Hands over the end that is read from; the new owner closes it.
    package func takeReadEnd() -> CInt {
        defer { readEnd = -1 }
        return readEnd
    }

    /// Hands over the end that is written to; the new owner closes it.
    package func takeWriteEnd() -> CInt {
        defer { writeEnd = -1 }
        return writeEnd
    }

    deinit {
        if readEnd >= 0 { close(readEnd) }
        if writeEnd >= 0 { close(writeEnd) }
    }
}

/// A null-terminated array of C strings, for as long as it lives.
package final class CStrings {
    package let pointer: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    private let count: Int

    package init(_ strings: [String]) {
        count = strings.count
        pointer = .allocate(capacity: strings.count + 1)
        for (index, string) in strings.enumerated() { (pointer + index).initialize(to: strdup(string)) }
        (pointer + count).initialize(to: nil)
    }

    package var constantPointer: UnsafePointer<UnsafePointer<CChar>?> { UnsafeRawPointer(pointer).assumingMemoryBound(to: UnsafePointer<CChar>?.self) }

    deinit {
        for index in 0..<count { free(pointer[index]) }
        pointer.deallocate()
    }
}
