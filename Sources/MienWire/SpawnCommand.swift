import CProcess
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// How a program that the host does not trust is started: see mien_spawn.h.
package struct SpawnCommand: Sendable {
    /// Absolute.
    package var program: String
    /// The first is the program's name.
    package var arguments: [String]
    /// "NAME=value", all of it.
    package var environment: [String]
    /// Working folder, which stays writable; nil: ours, and none.
    package var folder: String?
    /// In bytes; 0: no limit.
    package var memory: UInt64
    /// MIEN_CONFINE_* flags.
    package var confinement: UInt32

    package init(program: String, arguments: [String], environment: [String], folder: String? = nil, memory: UInt64 = 0, confinement: UInt32 = 0) {
        self.program = program
        self.arguments = arguments
        self.environment = environment
        self.folder = folder
        self.memory = memory
        self.confinement = confinement
    }

    /// The program of that name as a shell would find it: one with a / in it from `folder` on, another in PATH. Nil if there is none.
    package static func find(_ name: String, from folder: String) -> String? {
        func isProgram(_ path: String) -> Bool {
            var info = stat()
            return stat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
        }
        func absolute(_ path: String) -> String { path.hasPrefix("/") ? path : "\(folder)/\(path)" }
        if name.contains("/") { return isProgram(absolute(name)) ? absolute(name) : nil }
        let folders = (getenv("PATH").map { String(cString: $0) } ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":")
        return folders.lazy.map { absolute("\($0)/\(name)") }.first(where: isProgram)
    }

    /// A process that runs, and our ends of its pipes: what we write to it, what we read from it, and its stderr.
    package struct Spawned: Sendable {
        package let pid: Int32
        package let input: CInt
        package let output: CInt
        package let errors: CInt
    }

    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// Starts the program. Blocks for a moment. On Linux it is killed when the thread ends that calls this.
    ///
    /// - Parameter media: Becomes its descriptor 3, and its environment says so; 0: none.
    package func start(media: CInt = 0) throws(Failure) -> Spawned {
        let input: Pipe, output: Pipe, errors: Pipe
        do throws(Pipe.Failure) {
            input = try Pipe()
            output = try Pipe()
            errors = try Pipe()
        } catch {
            throw Failure(description: "\(program) cannot be started: \(error)")
        }
        let arguments = CStrings(self.arguments), environment = CStrings(self.environment + (media > 0 ? ["MIEN_MEDIA=3"] : [])), writable = CStrings(folder.map { [$0] } ?? [])
        var pid: CInt = 0
        var stage: UnsafePointer<CChar>?
        let status: CInt = withExtendedLifetime((input, output, errors, arguments, environment, writable)) {
            program.withCString { program in
                func start(_ folder: UnsafePointer<CChar>?) -> CInt {
                    var child = mien_child()
                    child.path = program
                    child.arguments = arguments.constantPointer
                    child.environment = environment.constantPointer
                    child.folder = folder
                    (child.input, child.output, child.errors) = (input.readEnd, output.writeEnd, errors.writeEnd)
                    child.media = media
                    child.memory_bytes = memory
                    child.confinement = confinement
                    child.writable = writable.constantPointer
                    return mien_spawn(&child, &pid, &stage)
                }
                return folder.map { $0.withCString { start($0) } } ?? start(nil)
            }
        }
        guard status == 0 else {
            throw Failure(description: "\(program) cannot be started: \(stage.map { "\(String(cString: $0)): " } ?? "")\(String(cString: strerror(status)))")
        }
        return Spawned(pid: pid, input: input.takeWriteEnd(), output: output.takeReadEnd(), errors: errors.takeReadEnd())
    }
}

/// How a process ended.
package enum ProcessExit: Sendable, Hashable, CustomStringConvertible {
    case code(Int32)
    case signal(Int32)

    package var description: String {
        switch self {
        case .code(let code): "exit code \(code)"
        case .signal(let number): "signal \(number) (\(String(cString: strsignal(number))))"
        }
    }
}
