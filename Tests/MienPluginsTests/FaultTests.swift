import Foundation
import MienHost
import MienMessages
import MienWire
import Synchronization
import Testing

@testable import MienPlugins

/// Real processes with real faults. Every question ends with an answer or a status that says what happened.
@Suite("a plugin in processes of its own", .timeLimit(.minutes(2)))
struct FaultTests {
    @Test("starts when it is asked, answers, and ends when nobody needs it any more")
    func life() async throws {
        try await withFaulty { plugin in
            let readings = try await plugin.ask(200, 100)
            #expect(readings.map { $0.nativeScores[0].score } == [263, 163])
            #expect(abs(readings[0].categories[0].intensity - 200.0 / 255) < 1e-6)
            let pid = try await plugin.pid()
            #expect(try await plugin.pid() == pid && pid != getpid() && isRunning(pid))
            await plugin.endpoint.close()
            #expect(!isRunning(pid))
            #expect(await plugin.failure(0)?.code == .unavailable)
        }
    }

    @Test("that ends costs one question, which is asked twice, and says how it ended", arguments: [
        (1, "signal", "9"), (2, "signal", "11"), (3, "exit_code", "3"), (5, "signal", "9"), (6, "signal", "9"), (8, "signal", "6"), (9, "signal", "9"),
    ] as [(UInt8, String, String)])
    func ends(order: UInt8, fact: String, value: String) async throws {
        try await withFaulty(limits: #"{ "memory_mb": 300 }"#) { plugin in
            let first = try await plugin.pid()
            let error = await plugin.failure(order)
            #expect(error?.code == .unavailable && error?.reason == "PLUGIN_FAILED", "\(String(describing: error))")
            #expect(error?.fact(fact) == value && error?.fact("safe_to_repeat") == "true" && error?.fact("plugin") == "faulty", "\(String(describing: error?.facts))")
            let second = try #require(Int(error?.fact("pid") ?? ""))
            let third = try await plugin.pid()
            #expect(Set([first, second, third]).count == 3)
            #expect(!isRunning(first) && !isRunning(second) && isRunning(third))
        }
    }

    @Test("that ends once is asked again, and nobody notices")
    func replay() async throws {
        try await withFaulty { plugin in
            let first = try await plugin.pid()
            let answer = try await plugin.ask(14)
            #expect(Int(answer[0].nativeScores[1].score) != first)
        }
    }

    @Test("that hangs is ended after the time that its manifest gives it")
    func hangs() async throws {
        try await withFaulty(limits: #"{ "call_seconds": 1 }"#) { plugin in
            let first = try await plugin.pid()
            let error = await plugin.failure(4)
            #expect(error?.code == .deadlineExceeded && error?.reason == "PLUGIN_TIMEOUT", "\(String(describing: error))")
            #expect(try await plugin.pid() != first)
            #expect(!isRunning(first))
        }
    }

    @Test("gets the caller's deadline, and lives on if it heeds it")
    func deadline() async throws {
        try await withFaulty { plugin in
            let first = try await plugin.pid()
            #expect(await plugin.failure(12, deadline: .milliseconds(50))?.code == .deadlineExceeded)
            #expect(try await plugin.pid() == first)
        }
    }

    @Test("is told of a cancelled question, and is not asked anything else before it is free again", arguments: [12, 13] as [UInt8])
    func cancellation(order: UInt8) async throws {
        try await withFaulty { plugin in
            let first = try await plugin.pid()
            let begin = ContinuousClock.now
            await #expect(throws: CancellationError.self) {
                _ = try await plugin.ask(order, isCancelled: { ContinuousClock.now - begin > .milliseconds(50) })
            }
            #expect(try await plugin.pid() == first)
        }
    }

    @Test("may write as much as it likes to its stderr")
    func flood() async throws {
        try await withFaulty { plugin in
            let readings = try await plugin.ask(7)
            #expect(readings.count == 1)
        }
    }

    @Test("may refuse a question, and goes on")
    func refusal() async throws {
        try await withFaulty { plugin in
            let first = try await plugin.pid()
            let error = await plugin.failure(11)
            #expect(error?.code == .internalError && error?.reason == "PLUGIN_ERROR" && error?.message.contains("I do not like this face") == true)
            #expect(error?.fact("plugin_status") == "INVALID_ARGUMENT" && error?.fact("plugin_reason") == "FACE_UNPLEASANT")
            #expect(try await plugin.pid() == first)
        }
    }

    @Test("that says goodbye in the middle of a question is replaced")
    func goodbye() async throws {
        try await withFaulty { plugin in
            let first = try await plugin.pid()
            let error = await plugin.failure(15)
            #expect(error?.code == .unavailable, "\(String(describing: error))")
            #expect(try await plugin.pid() != first)
        }
    }

    @Test("that does not start says why", arguments: [
        ("silent", "no Hello arrived in time"), ("exit", "exit code 3"), ("killed", "signal 9"), ("text", "Loading the model"),
        ("words", "the model file is not there / and this is why"), ("other", "its version is \"2\", and \"1\" in its manifest"),
    ])
    func start(mode: String, words: String) async throws {
        try await withFaulty(mode, limits: #"{ "start_seconds": 1 }"#) { plugin in
            let error = await plugin.failure(0)
            #expect(error?.message.contains(words) == true, "\(String(describing: error))")
            #expect(error?.code == (mode == "other" ? .failedPrecondition : .unavailable))
        }
    }

    @Test("that fails too often is given up for a while, and those who watch are told")
    func givenUp() async throws {
        try await withFaulty("exit", restart: #"{ "attempts": 2, "seconds": 600 }"#) { plugin in
            let changes = Atomic<Int>(0)
            plugin.endpoint.whenObstacleChanges { changes.add(1, ordering: .relaxed) }
            for _ in 0..<3 {
                #expect(plugin.endpoint.obstacle == nil)
                #expect(await plugin.failure(0)?.reason == "PLUGIN_START_FAILED")
            }
            #expect(plugin.endpoint.obstacle?.contains("failed more than 2 times within 600 seconds") == true)
            #expect(changes.load(ordering: .relaxed) == 1)
            #expect(await plugin.failure(0)?.reason == "PLUGIN_GAVE_UP")
        }
    }

    @Test("that ends while nobody asks it is replaced")
    func idle() async throws {
        try await withFaulty { plugin in
            let first = try await plugin.pid()
            kill(pid_t(first), SIGKILL)
            while isRunning(first) { try await Task.sleep(for: .milliseconds(1)) }
            #expect(try await plugin.pid() != first)
        }
    }

    @Test("works in several processes when several questions come at once")
    func several() async throws {
        try await withFaulty(limits: #"{ "processes": 3 }"#) { plugin in
            let pids = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<12 { group.addTask { Int(try await plugin.ask(13)[0].nativeScores[1].score) } }
                return try await group.reduce(into: Set<Int>()) { $0.insert($1) }
            }
            #expect(pids.count == 3)
        }
    }

    @Test("of which one process is killed every 100 ms answers 500 questions or says what happened")
    func storm() async throws {
        try await withFaulty(limits: #"{ "processes": 3 }"#, restart: #"{ "attempts": 1000, "seconds": 1 }"#) { plugin in
            let pids = Locked<Set<Int>>([]), all = Locked<Set<Int>>([]), isDone = Atomic<Bool>(false)
            let killer = Task {
                while !isDone.load(ordering: .relaxed) {
                    try? await Task.sleep(for: .milliseconds(100))
                    if let victim = pids.withLock({ $0.popFirst() }) { kill(pid_t(victim), SIGKILL) }
                }
            }
            let outcomes = await withTaskGroup(of: String.self) { group in
                for _ in 0..<500 {
                    group.addTask {
                        do {
                            let pid = try await Int(plugin.ask(16)[0].nativeScores[1].score)
                            _ = pids.withLock { $0.insert(pid) }
                            _ = all.withLock { $0.insert(pid) }
                            return "answered"
                        } catch let error as CallError {
                            return error.reason
                        } catch {
                            return "\(error)"
                        }
                    }
                }
                return await group.reduce(into: [:]) { $0[$1, default: 0] += 1 }
            }
            isDone.store(true, ordering: .relaxed)
            await killer.value
            #expect(outcomes.values.reduce(0, +) == 500 && outcomes["answered", default: 0] > 300, "\(outcomes)")
            #expect(Set(outcomes.keys).isSubset(of: ["answered", "PLUGIN_FAILED", "PLUGIN_START_FAILED"]), "\(outcomes)")
            await plugin.endpoint.close()
            #expect(all.withLock { $0 }.allSatisfy { !isRunning($0) })
        }
    }
}
