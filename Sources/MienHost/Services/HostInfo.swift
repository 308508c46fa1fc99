import MienEstimation
import MienMessages
import MienWire
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// mien.v1.Host, but for the logs.
struct HostInfo: Sendable {
    static let name = "mien.v1.Host"

    let configuration: HostConfiguration
    let registry: EstimatorRegistry
    let lifecycle: Lifecycle
    let log: HostLog
    let openCalls: @Sendable () -> Int
    /// Begins to drain and returns at once.
    let drain: @Sendable (_ reason: String) -> Void

    var methods: [String: MethodHandler] {
        [
            "GetInfo": .unary { _, bytes in
                _ = try decode(bytes, as: Proto.GetInfoRequest.self)
                return encode(info)
            },
            "ListEstimators": .unary { _, bytes in
                _ = try decode(bytes, as: Proto.ListEstimatorsRequest.self)
                return encode(Proto.ListEstimatorsResponse(estimators: registry.descriptions.map(describe)))
            },
            // Reflection needs no more than this: one message with everything, which any protobuf library can read.
            "GetDescriptors": .unary { _, bytes in
                _ = try decode(bytes, as: Proto.GetDescriptorsRequest.self)
                return encode(Proto.GetDescriptorsResponse(fileDescriptorSet: Proto.descriptorSet))
            },
            "WatchLogs": watchLogs(log),
            "Drain": .unary { _, bytes in
                _ = try decode(bytes, as: Proto.DrainRequest.self)
                // This call itself is open too, and is not what the caller asks about.
                let open = max(openCalls() - 1, 0)
                drain("a caller asked for it")
                return encode(Proto.DrainResponse(openCalls: UInt32(open)))
            },
        ]
    }

    private var info: Proto.GetInfoResponse {
        let limits = configuration.limits
        return Proto.GetInfoResponse(
            version: configuration.version, protocolMajor: 1, pid: UInt32(getpid()),
            uptimeUs: UInt64((ContinuousClock.now - lifecycle.start).microseconds),
            processor: Proto.Processor(architecture: architecture, modelName: processorName(), features: configuration.features,
                                       kernels: configuration.kernels, threads: UInt32(configuration.threads)),
            limits: Proto.Limits(maxFrameBytes: UInt32(limits.maxFrameBytes), maxMessageBytes: UInt64(limits.maxMessageBytes),
                                 maxOpenCalls: UInt32(limits.maxOpenCalls), callWindowBytes: UInt64(limits.callWindowBytes),
                                 connectionWindowBytes: UInt64(limits.connectionWindowBytes)),
            residentBytes: residentBytes(), openCalls: UInt32(openCalls()))
    }

    private func describe(_ description: EstimatorDescription) -> Proto.EstimatorInfo {
        let stage = registry.stage(description.id)
        var detail = ""
        if case .unavailable(let text) = stage { detail = text }
        let models = description.models.map { id in
            let facts = registry.models.facts(model: id) ?? ModelFacts(id: id, version: "")
            return Proto.ModelInfo(id: id, version: facts.version, license: facts.license, attribution: facts.attribution,
                                   installed: registry.models.obstacle(model: id) == nil)
        }
        return Proto.EstimatorInfo(
            id: description.id, version: description.version, summary: description.summary, modality: Proto.Modality(description.modality),
            categories: description.categories.map(\.name), dimensions: description.dimensions.map(\.rawValue), nativeLabels: description.nativeLabels,
            state: Proto.EstimatorState(stage), stateDetail: detail, models: models,
            attributes: description.attributes, minimumReliability: description.minimumReliability, usesNeutral: description.usesNeutral,
            costMs: description.cost, skill: description.skill, online: description.isOnline)
    }
}

private var architecture: String {
    #if arch(x86_64)
    "x86_64"
    #elseif arch(arm64)
    "arm64"
    #else
    "unknown"
    #endif
}

/// As the processor calls itself; empty where it does not say.
package func processorName() -> String {
    #if canImport(Darwin)
    var name = [CChar](repeating: 0, count: 256)
    var size = name.count
    return sysctlbyname("machdep.cpu.brand_string", &name, &size, nil, 0) == 0 ? String(cString: name) : ""
    #else
    for line in readStart(of: "/proc/cpuinfo").split(separator: "\n") where line.hasPrefix("model name") {
        guard let colon = line.firstIndex(of: ":") else { continue }
        return String(line[line.index(after: colon)...].drop { $0 == " " })
    }
    return ""
    #endif
}

/// Memory of this process that is in RAM; 0 where the system does not say.
private func residentBytes() -> UInt64 {
    #if canImport(Darwin)
    return 0
    #else
    let fields = readStart(of: "/proc/self/statm").split(separator: " ")
    guard fields.count > 1, let pages = UInt64(fields[1]) else { return 0 }
    return pages * UInt64(sysconf(Int32(_SC_PAGESIZE)))
    #endif
}

/// The first 8 KiB of a file of the kernel's; empty if there is none.
private func readStart(of path: String) -> String {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return "" }
    defer { close(file) }
    var buffer = [UInt8](repeating: 0, count: 8192)
    let count = read(file, &buffer, buffer.count)
    return String(decoding: buffer[..<max(count, 0)], as: UTF8.self)
}
