import CProcess
import Testing
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Every test starts its children and waits for them on its own thread, without a suspension: a child is killed when the thread that
/// started it ends, and a thread that is in use does not.
struct SpawnTests {
    /// How a child ended and what it wrote.
    struct Result {
        var code: CInt = 0, signal: CInt = 0
        var output = ""
    }

    /// What a child is to be; by default /bin/sh -c `script`.
    struct Command {
        var path = "/bin/sh"
        var arguments: [String]
        var folder: String?
        var memory: UInt64 = 0
        var confinement: UInt32 = 0
        var writable: [String] = []
        var media: CInt = 0

        init(shell script: String) { arguments = ["sh", "-c", script] }
        init(python script: String) { (path, arguments) = ("/usr/bin/env", ["env", "python3", "-c", script]) }
    }

    struct Failure: Error, Equatable {
        let status: CInt
        let stage: String
    }

    static let network = UInt32(MIEN_CONFINE_NETWORK), files = UInt32(MIEN_CONFINE_FILES)
    static var canConfine: Bool { mien_confinement_available() == network | files }

    /// Starts a child whose stdout is `output`; its stdin and stderr are /dev/null.
    static func start(_ command: Command, output: CInt) throws(Failure) -> CInt {
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        defer { close(null) }
        let arguments = Strings(command.arguments), writable = Strings(command.writable)
        let environment = Strings(["PATH=" + (getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin")])
        let path = Strings([command.path]), folder = Strings(command.folder.map { [$0] } ?? [])
        var child = mien_child()
        child.path = path.pointer[0]
        child.arguments = arguments.pointer
        child.environment = environment.pointer
        child.folder = folder.pointer[0]
        (child.input, child.output, child.errors) = (null, output, null)
        child.media = command.media
        child.memory_bytes = command.memory
        child.confinement = command.confinement
        child.writable = writable.pointer
        var pid: CInt = 0
        var stage: UnsafePointer<CChar>?
        let status = withExtendedLifetime((arguments, writable, environment, path, folder)) { mien_spawn(&child, &pid, &stage) }
        guard status == 0 else { throw Failure(status: status, stage: stage.map { String(cString: $0) } ?? "") }
        return pid
    }

    /// Starts a child, reads all that it writes and waits for its end.
    static func run(_ command: Command) throws -> Result {
        let ends = makeLink()
        defer { close(ends.read) }
        let pid: CInt
        do {
            defer { close(ends.write) }
            pid = try start(command, output: ends.write)
        }
        var result = Result()
        result.output = readAll(ends.read)
        #expect(mien_wait(pid, &result.code, &result.signal) == 0)
        return result
    }

    @Test func endsAreReported() throws {
        let code = try Self.run(Command(shell: "exit 7"))
        #expect((code.code, code.signal) == (7, 0))
        let signal = try Self.run(Command(shell: "kill -TERM $$"))
        #expect((signal.code, signal.signal) == (-1, SIGTERM))
    }

    @Test func failuresNameTheirStep() {
        var missing = Command(shell: "true")
        missing.path = "/nonexistent/program"
        #expect(throws: Failure(status: ENOENT, stage: "exec")) { try Self.run(missing) }
        #if os(Linux)
        var nowhere = Command(shell: "true")
        nowhere.folder = "/nonexistent/folder"
        #expect(throws: Failure(status: ENOENT, stage: "working folder")) { try Self.run(nowhere) }
        #expect(throws: Failure(status: EBADF, stage: "standard streams")) { try Self.start(Command(shell: "true"), output: -1) }
        #endif
    }

    @Test func workingFolder() throws {
        var command = Command(shell: "pwd")
        command.folder = "/usr"
        #expect(try Self.run(command).output == "/usr\n")
    }

    #if os(Linux)
    /// At its own number, and when it has the one that it shall get already.
    @Test(arguments: [false, true], [0, SpawnTests.network | SpawnTests.files]) func memoryIsSharedForReading(_ isThree: Bool, _ confinement: UInt32) throws {
        var start: UnsafeMutableRawPointer?, media: CInt = -1
        #expect(mien_shared_memory(1 << 20, &start, &media) == 0 && media > 2)
        let memory = try #require(start)
        defer {
            munmap(memory, 1 << 20)
            close(media)
        }
        memory.copyMemory(from: "hello", byteCount: 5)
        var command = Command(python: """
            import mmap, os
            memory = mmap.mmap(3, 0, flags=mmap.MAP_SHARED, prot=mmap.PROT_READ)
            print(len(memory), memory[:5].decode(), sorted(int(name) for name in os.listdir("/proc/self/fd"))[:4])
            for change in (lambda: os.pwrite(3, b"x", 0), lambda: os.ftruncate(3, 10), lambda: os.ftruncate(3, 1 << 22), lambda: mmap.mmap(3, 0, prot=mmap.PROT_WRITE)):
                try: change()
                except OSError as error: print(error.errno, end=" ")
            """)
        command.confinement = confinement
        // Another one with the number 3, unless somebody here has it.
        let other = isThree ? fcntl(media, F_DUPFD_CLOEXEC, 3) : media
        defer { if isThree { close(other) } }
        command.media = other
        #expect(try Self.run(command).output == "1048576 hello [0, 1, 2, 3]\n\(EPERM) \(EPERM) \(EPERM) \(EPERM) ")
    }

    @Test func memoryThatIsNoneIsAFailure() {
        var command = Command(shell: "true")
        command.media = 1_000_000
        #expect(throws: Failure(status: EBADF, stage: "media")) { try Self.run(command) }
    }
    #endif

    @Test func descriptorsStayHere() throws {
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        // Without close-on-exec, as a careless library would have it.
        let careless = fcntl(null, F_DUPFD, 200)
        defer {
            close(careless)
            close(null)
        }
        let result = try Self.run(Command(shell: "for n in 0 1 2 \(careless); do [ -e /dev/fd/$n ] && echo $n; done; true"))
        #expect(result.output == "0\n1\n2\n")
    }

    @Test func groupDiesWithItsGrandchildren() throws {
        let ends = makeLink()
        defer { close(ends.read) }
        let pid = try Self.start(Command(shell: "(sleep 1000 & echo; wait) & wait"), output: ends.write)
        close(ends.write)
        var byte: UInt8 = 0
        #expect(read(ends.read, &byte, 1) == 1)
        #expect(getpgid(pid) == pid)
        #expect(mien_kill_group(pid) == 0)
        // Ends only when nobody has the pipe any more.
        #expect(readAll(ends.read) == "")
        var code: CInt = 0, signal: CInt = 0
        #expect(mien_wait(pid, &code, &signal) == 0)
        #expect((code, signal) == (-1, SIGKILL))
        // That nothing is left is success; that there is no such group is an error.
        #expect(mien_wait(pid, nil, nil) == ECHILD)
        #expect(mien_kill_group(0) == EINVAL && mien_kill_group(-1) == EINVAL && mien_wait(-1, nil, nil) == EINVAL)
    }

    @Test func manyFromSeveralThreads() async {
        let failures = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    (0..<25).count { number in
                        let result = try? Self.run(Command(shell: "echo \(number); exit 3"))
                        return result?.code != 3 || result?.output != "\(number)\n"
                    }
                }
            }
            return await group.reduce(0, +)
        }
        #expect(failures == 0)
    }

    #if os(Linux)
    @Test func memoryIsLimited() throws {
        var command = Command(python: "try:\n    bytearray(400 << 20)\n    print('given')\nexcept MemoryError:\n    print('refused')")
        #expect(try Self.run(command).output == "given\n")
        command.memory = 200 << 20
        #expect(try Self.run(command).output == "refused\n")
    }

    @Test(.enabled(if: canConfine)) func networkIsRefused() throws {
        var command = Command(python: """
            import os, socket
            def attempt(call, *arguments):
                try:
                    call(*arguments)
                    return 'done'
                except OSError as error:
                    return os.strerror(error.errno)
            print(attempt(socket.socket, socket.AF_INET, socket.SOCK_STREAM), attempt(socket.socket, socket.AF_INET6, socket.SOCK_DGRAM), sep=', ')
            print(attempt(socket.socket, socket.AF_UNIX, socket.SOCK_STREAM), attempt(socket.socketpair), sep=', ')
            # A child of the child, as the leader of a group may not call setsid in any case.
            if os.fork() == 0:
                print(attempt(os.setsid), attempt(os.setpgid, 0, 0), sep=', ', flush=True)
                os._exit(0)
            os.wait()
            """)
        command.arguments.insert("-u", at: 2)
        command.confinement = Self.network
        #expect(try Self.run(command).output == """
            Permission denied, Permission denied
            done, done
            Operation not permitted, Operation not permitted

            """)
    }

    @Test(.enabled(if: canConfine)) func filesOutsideAreSafe() throws {
        let inside = try #require(makeFolder()), outside = try #require(makeFolder())
        defer {
            for path in ["\(inside)/new", inside, "\(outside)/old", outside] { remove(path) }
        }
        var command = Command(shell: "echo precious > \(outside)/old")
        #expect(try Self.run(command).code == 0)
        command = Command(shell: """
            (echo > \(outside)/new) && echo made
            (echo > \(outside)/old) && echo overwritten
            rm -f \(outside)/old && echo removed
            mv \(outside)/old \(outside)/new && echo renamed
            (echo fine > \(inside)/new) && cat \(inside)/new \(outside)/old
            echo > /dev/null && echo null
            """)
        command.confinement = Self.network | Self.files
        command.writable = [inside]
        #expect(try Self.run(command).output == "fine\nprecious\nnull\n")

        command.writable = ["\(inside)/missing"]
        #expect(throws: Failure(status: ENOENT, stage: "writable folder")) { try Self.run(command) }
    }

    @Test(.enabled(if: canConfine)) func pythonRunsConfined() throws {
        var command = Command(python: """
            import json, subprocess
            print(json.dumps(subprocess.run(['echo', 'hello'], capture_output=True, text=True).stdout))
            """)
        command.confinement = Self.network | Self.files
        #expect(try Self.run(command).output == "\"hello\\n\"\n")
    }
    #endif
}

/// C's view of strings, for as long as this lives.
private final class Strings {
    private let copies: [UnsafeMutablePointer<CChar>]
    private let list: UnsafeMutablePointer<UnsafePointer<CChar>?>

    init(_ strings: [String]) {
        copies = strings.map { strdup($0)! }
        list = .allocate(capacity: copies.count + 1)
        list.initialize(repeating: nil, count: copies.count + 1)
        for (index, copy) in copies.enumerated() { list[index] = UnsafePointer(copy) }
    }

    deinit {
        list.deallocate()
        for copy in copies { free(copy) }
    }

    /// Ends with nil.
    var pointer: UnsafePointer<UnsafePointer<CChar>?> { UnsafePointer(list) }
}

/// Two ends that children of other tests do not inherit: they would keep them open. Sockets, as the call that makes such a pipe at once
/// is not to be had in Swift.
private func makeLink() -> (read: CInt, write: CInt) {
    var ends: [CInt] = [0, 0]
    #if os(Linux)
    precondition(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0)
    #else
    precondition(pipe(&ends) == 0)
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    #endif
    return (ends[0], ends[1])
}

private func readAll(_ descriptor: CInt) -> String {
    var bytes: [UInt8] = [], buffer = [UInt8](repeating: 0, count: 4096)
    while true {
        let count = read(descriptor, &buffer, buffer.count)
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
        bytes += buffer[..<count]
    }
}

private func makeFolder() -> String? {
    let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var template = Array("\(parent)/mien-spawn-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { return nil }
    return template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
}
