// One resident network of the inference core, for Benchmarks/bench.py:
//
//   mien-bench run     FILE N,C,H,W THREADS REPEATS    every line "go" on stdin is answered with the seconds of one run after a
//                                                      pause, and with the median of REPEATS further ones
//   mien-bench profile FILE N,C,H,W THREADS    prints where the time of one run goes
//
// FILE is an ONNX model, or the safetensors file of mini-Xception.
import InferenceCore
import MienNetworks

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

func graph(_ path: String) throws -> Graph {
    path.hasSuffix(".onnx") ? try OnnxModel(path: path).graph : try MiniXception.graph(from: Safetensors(path: path))
}

func seconds(_ body: () throws -> Void) rethrows -> Double {
    let duration = try ContinuousClock().measure(body)
    return Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
}

func fail(_ message: String) -> Never {
    let line = "mien-bench: \(message)\n"
    _ = write(2, line, line.utf8.count)
    exit(64)
}

let arguments = CommandLine.arguments
guard arguments.count >= 5, let threads = Int(arguments[4]), threads > 0 else {
    fail("usage: mien-bench run FILE N,C,H,W THREADS REPEATS, or profile FILE N,C,H,W THREADS")
}
let extents = arguments[3].split(separator: ",").compactMap { Int($0) }
guard extents.count == 4, extents.allSatisfy({ $0 > 0 }) else { fail("\(arguments[3]) is not N,C,H,W") }

do {
    let network = try CompiledGraph(graph(arguments[2]), options: .init(threads: threads))
    // Channels last, as the core has them.
    let shape = Shape([extents[0], extents[2], extents[3], extents[1]])
    var generator = SystemRandomNumberGenerator()
    let input = Tensor(shape: shape, values: (0..<shape.count).map { _ in Float.random(in: 0..<255, using: &generator) })
    _ = try network.run([input])
    switch arguments[1] {
    case "run":
        guard arguments.count == 6, let repeats = Int(arguments[5]), repeats > 0 else { fail("run needs REPEATS") }
        print("ready")
        fflush(nil)
        while readLine() != nil {
            let first = try seconds { _ = try network.run([input]) }
            let times = try (0..<repeats).map { _ in try seconds { _ = try network.run([input]) } }
            print("{\"first\": \(first), \"warm\": \(times.sorted()[repeats / 2])}")
            fflush(nil)
        }
    case "profile":
        var times = try network.profile([input]).times
        for _ in 0..<20 {
            let again = try network.profile([input]).times
            for index in times.indices where again[index].seconds < times[index].seconds { times[index] = again[index] }
        }
        for time in times {
            let microseconds = Int(time.seconds * 1e6)
            print("\(String(repeating: " ", count: max(0, 8 - String(microseconds).count)))\(microseconds) us  \(time.shape)  \(time.name)")
        }
        print("total \(Int(times.map(\.seconds).reduce(0, +) * 1e6)) us")
    default:
        fail("\(arguments[1]) is neither run nor profile")
    }
} catch {
    fail("\(error)")
}
