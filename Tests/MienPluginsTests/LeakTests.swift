#if os(Linux)
import CFaults
import Foundation
import MienEstimation
import MienHost
import MienMessages
import MienWire
import TestSupport
import Testing

@testable import MienPlugins

/// What a host holds while its plugins fail and its libraries do not tidy up: in a process of its own, where no other test takes anything meanwhile.
@Suite("a host whose plugins fail again and again", .timeLimit(.minutes(3)))
struct LeakTests {
    /// Room for 1 KiB for each of 48 processes in a round: threads keep a little of what they free for themselves, which settles slowly.
    @Test("holds no more of processes that have ended") func processes() async throws {
        try await inTemporaryFolder { (path) -> Void in
            await #expect(processExitsWith: .success) { [path = path as String] in
                faulty_use_one_heap()
                try await Self.harmProcesses(in: path)
            }
        }
    }

    private static func harmProcesses(in path: String) async throws {
        // Several, because each waits longer and longer before it starts a process anew.
        var plugins: [Faulty] = []
        for _ in 0..<4 { plugins.append(try Faulty(in: path, limits: #"{ "call_seconds": 1 }"#, restart: #"{ "attempts": 1000, "seconds": 1 }"#)) }
        let all = plugins
        try await Holdings.expectNoGrowth(warmUp: 2, rounds: 4, bytesPerRound: 48 << 10) { try await harm(all) }
        for plugin in all { await plugin.endpoint.close() }
    }

    private static func harm(_ plugins: [Faulty]) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for plugin in plugins { group.addTask { try await harm(plugin) } }
            try await group.waitForAll()
        }
        // So long the connection to a process outlives it.
        try await Task.sleep(for: .milliseconds(1100))
    }

    /// Costs it twelve processes.
    private static func harm(_ plugin: Faulty) async throws {
        // Killed, crashed, gone, garbage, a child left behind, an error of its own, a goodbye, a hang.
        for order in [1, 2, 3, 5, 9, 11, 15, 4] as [UInt8] { #expect(await plugin.failure(order) != nil) }
        #expect(await plugin.failure(12, deadline: .milliseconds(20))?.code == .deadlineExceeded)
        for _ in 0..<50 { _ = try await plugin.pid() }
    }

    /// About 2 KiB are kept of each library by design, its table of the host's functions among them.
    @Test("holds no more of libraries that it has let go of", .enabled(if: Compiled.isPossible, "there is no C compiler")) func libraries() async throws {
        try await inTemporaryFolder { path in
            _ = try Compiled(Self.careless, in: path, files: ["data.bin": [UInt8](repeating: 7, count: 10_000)])
            await #expect(processExitsWith: .success) { [path = path as String] in
                faulty_use_one_heap()
                let folder = try PluginFolder(path: path), log = HostLog(level: 7, descriptor: -1)
                try await Holdings.expectNoGrowth(warmUp: 3, rounds: 7, bytesPerRound: 32 << 10) {
                    for _ in 0..<4 {
                        let endpoint = folder.endpoint(isConfined: true, log: log)
                        for order in 0..<100 {
                            let face = [UInt8](repeating: UInt8(order % 4), count: 64)
                            _ = try? endpoint.estimateFaces(Proto.PluginFacesRequest(estimator: "probe-faces", faces: [face]), EstimationContext())
                        }
                        await endpoint.close()
                    }
                }
            }
        }
    }

    /// Packs and maps things, and never lets go of them; answers, fails, or gives nonsense.
    private static let careless = String.plugin("""
        static mien_status look(void *state, const mien_question *question, mien_answer *answer, char *message, size_t message_size) {
            (void)state;
            static const float weights[64 * 64];
            mien_matrix *matrix;
            mien_file file;
            mien_status status = host->file_map(host, "data.bin", &file, message, message_size);
            if (status == MIEN_OK) status = host->matrix_pack(host, weights, NULL, 64, 64, MIEN_F32, &matrix);
            if (status != MIEN_OK || !host->scratch(question, 1 << 20)) return MIEN_NO_MEMORY;
            switch (question->faces[0].pixels[0]) {
            case 0: return host->add_category(answer, 0, "Anger", 0.5f);
            case 1: snprintf(message, message_size, "no"); return MIEN_FAILED;
            case 2: return host->add_category(answer, 0, "Anger", NAN);
            default: return host->add_category(answer, 0, "Joy", 1);
            }
        }

        static mien_status listen(void *state, const mien_question *question, mien_answer *answer, char *message, size_t message_size) {
            (void)state, (void)question, (void)answer, (void)message, (void)message_size;
            return MIEN_UNSUPPORTED;
        }
        """)
}

/// What this process holds.
private struct Holdings: CustomStringConvertible {
    let heap = Int(faulty_heap_in_use())
    let descriptors = names("/proc/self/fd").count
    let threads: Int
    let children: Int

    init() {
        let tasks = Self.names("/proc/self/task")
        threads = tasks.count
        children = tasks.reduce(0) { $0 + Self.words("/proc/self/task/\($1)/children").count }
    }

    /// Runs `body` so many times, and compares what is held after the last with what was held after `warmUp`.
    static func expectNoGrowth(warmUp: Int, rounds: Int, bytesPerRound: Int, _ body: () async throws -> Void) async throws {
        for _ in 0..<warmUp { try await body() }
        // Whoever sleeps for the first time makes the runtime's timer.
        try await Task.sleep(for: .milliseconds(1))
        let before = Holdings(), limit = bytesPerRound * (rounds - warmUp)
        for _ in warmUp..<rounds { try await body() }
        var after = Holdings()
        // What ends by itself may need a moment.
        for _ in 0..<100 where !after.isAtMost(before, bytes: limit) {
            try await Task.sleep(for: .milliseconds(50))
            after = Holdings()
        }
        #expect(after.isAtMost(before, bytes: limit), "\(after); before: \(before)")
    }

    /// Pools may have had use for some more threads, each of which keeps some of what it has freed.
    private func isAtMost(_ other: Holdings, bytes: Int) -> Bool {
        let room = bytes + (16 << 10) * max(0, threads - other.threads)
        return heap <= other.heap + room && descriptors <= other.descriptors && threads <= other.threads + 8 && children <= other.children
    }

    // Without Foundation, which keeps some of what it reads there.

    private static func words(_ path: String) -> [Substring] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return [] }
        defer { close(file) }
        return withUnsafeTemporaryAllocation(byteCount: 1 << 12, alignment: 1) { buffer in
            String(decoding: buffer.prefix(max(read(file, buffer.baseAddress, buffer.count), 0)), as: UTF8.self).split(separator: " ")
        }
    }

    private static func names(_ path: String) -> [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names
    }

    var description: String { "\(heap) bytes, \(descriptors) descriptors, \(threads) threads, \(children) children" }
}
#endif
