import MienWire

/// What a call has cost, for its trailing metadata. For a stream, the sums.
struct Account: Sendable {
    var queued = Duration.zero
    var decode = Duration.zero
    var compute = Duration.zero
    /// Each "id@version".
    var models: [String] = []

    mutating func add(_ other: Account) {
        queued += other.queued
        decode += other.decode
        compute += other.compute
        for model in other.models where !models.contains(model) { models.append(model) }
    }

    func write(to call: IncomingCall, kernels: String) {
        call.addTrailingMetadata("mien-queue-us", String(queued.microseconds))
        call.addTrailingMetadata("mien-decode-us", String(decode.microseconds))
        call.addTrailingMetadata("mien-compute-us", String(compute.microseconds))
        call.addTrailingMetadata("mien-kernels", kernels)
        if !models.isEmpty { call.addTrailingMetadata("mien-models", models.joined(separator: ",")) }
    }
}
