// One resident variant of a benchmark, for Benchmarks/bench.py: every line on stdin is answered with a line of JSON.
//
//   mien-bench run     FILE N,C,H,W THREADS REPEATS    a network (of Whisper: N,MELS,FRAMES; of Whisper and SigLIP maybe a precision at the end)
//   mien-bench drift   FILE RECORDING                  prints what int8 costs a Whisper encoder
//   mien-bench profile FILE N,C,H,W THREADS            prints where the time of one run of it goes
//   mien-bench vad     FILE SECONDS THREADS            voice activity; see VoiceActivity.swift
//   mien-bench logmel  MELS THREADS REPEATS            log-mel features of 30 s of noise
//   mien-bench heads   KIND COUNT ROWS THREADS REPEATS PRECISION   heads of Empathic Insight; see Heads.swift
//   mien-bench plugin  process|library|bare|neighbour  what it costs to ask a plugin; see Plugins.swift
//   mien-bench media   pipe|mapped|bare BYTES          how sound gets to a plugin; see Media.swift
//   mien-bench peak    THREADS                         prints what this processor can do
//
// "run", "logmel" and "heads" answer with the seconds of one run after a pause, and with the median of REPEATS further ones.
import InferenceCore
import MienMedia

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

func seconds(_ body: () throws -> Void) rethrows -> Double {
    let duration = try ContinuousClock().measure(body)
    return Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
}

func fail(_ message: String) -> Never {
    let line = "mien-bench: \(message)\n"
    _ = write(2, line, line.utf8.count)
    exit(64)
}

/// Answers every line on stdin with what `body` gives.
func answer(_ body: () throws -> String) rethrows {
    print("ready")
    fflush(nil)
    while readLine() != nil {
        print(try body())
        fflush(nil)
    }
}

/// Answers with the seconds of a first run of `body` and the median of `repeats` further ones.
func answerTimes(repeats: Int, _ body: () throws -> Void) rethrows {
    try answer {
        let first = try seconds(body)
        let times = try (0..<repeats).map { _ in try seconds(body) }
        return "{\"first\": \(first), \"warm\": \(times.sorted()[repeats / 2])}"
    }
}

/// The command line's argument of that place as a positive number.
func number(_ index: Int, _ name: String) -> Int {
    guard arguments.indices.contains(index), let number = Int(arguments[index]), number > 0 else { fail("\(name) is missing or no positive number") }
    return number
}

func benchmarkLogMel() throws {
    let logMel = LogMel(mels: number(2, "MELS"), pool: WorkerPool(threads: number(3, "THREADS")))
    let samples = (0..<30 * LogMel.sampleRate).map { _ in Float.random(in: -0.5...0.5) }
    try answerTimes(repeats: number(4, "REPEATS")) { _ = try logMel.features(of: samples) }
}

let arguments = CommandLine.arguments
do {
    switch arguments.dropFirst().first {
    case "run" where [6, 7].contains(arguments.count): try benchmarkNetwork(threads: number(4, "THREADS"), repeats: number(5, "REPEATS"))
    case "drift" where arguments.count == 4: try measureDrift(arguments[2], arguments[3])
    case "profile" where arguments.count == 5: try profileNetwork(threads: number(4, "THREADS"))
    case "vad" where arguments.count == 5: try benchmarkVoiceActivity(arguments[2], length: number(3, "SECONDS"), threads: number(4, "THREADS"))
    case "logmel" where arguments.count == 5: try benchmarkLogMel()
    case "heads" where arguments.count == 8:
        try benchmarkHeads(arguments[2], count: number(3, "COUNT"), rows: number(4, "ROWS"), threads: number(5, "THREADS"), repeats: number(6, "REPEATS"),
                           precision: arguments[7])
    case "plugin" where arguments.count == 3: try benchmarkPlugin()
    case "plugin-child": try await servePlugin()
    case "pipe-child": servePipe()
    case "media" where arguments.count == 4: try benchmarkMedia()
    case "media-child" where arguments.count == 3: try await serveMedia()
    case "media-pipe" where arguments.count == 3: serveMediaPipe()
    case "peak" where arguments.count == 3: measurePeak(threads: number(2, "THREADS"))
    default: fail("usage: see the head of Benchmarks/mien-bench/main.swift")
    }
} catch {
    fail("\(error)")
}
