internal import CInferenceKernels

/// Several perceptrons that read the same rows, as one product for each layer.
///
/// A row is rounded once for all of them. Threads share the parts of the first layers, so that one network keeps them all busy, too; the order
/// of additions is the same on any number of threads.
package struct Perceptrons: Sendable {
    package var count: Int { networks.count }
    package let inputs: Int
    private let networks: [Perceptron]
    private let workspace: Workspace
    private let processor: Processor

    /// Parts that a thread takes at a time.
    private static let group = 16

    /// - Parameters:
    ///   - networks: Of equally many inputs, packed for this processor.
    ///   - workspace: Shared with others, so that memory is kept from run to run; nil: one of its own.
    package init(_ networks: [Perceptron], on processor: Processor, workspace: Workspace? = nil) {
        inputs = networks.first?.inputs ?? 0
        precondition(networks.allSatisfy { [inputs] in $0.inputs == inputs }, "networks of as many inputs")
        self.networks = networks
        self.processor = processor
        self.workspace = workspace ?? Workspace(on: processor)
    }

    /// - Parameter x: `[rows, inputs]`
    /// - Returns: `[rows, count]`
    package func run(_ rows: Int, _ x: [Float]) -> [Float] {
        guard rows > 0, count > 0 else { return [] }
        precondition(x.count == rows * inputs, "\(x.count) values are not \(rows) rows of \(inputs)")
        let parts = (inputs + Perceptron.part - 1) / Perceptron.part, groups = (parts + Self.group - 1) / Self.group
        let width = networks.map { $0.widths.max()! }.max()!, share = roundUp(rows * width, to: 16)
        let codes = roundUp(WeightMatrix.scratchCount(rows, inputs: min(Perceptron.part, inputs), on: processor), to: 16)
        let spare = networks.map { $0.roundedCount(rows, on: processor) }.max()!
        var results = [Float](repeating: 0, count: rows * count)
        results.withUnsafeMutableBufferPointer { results in
            nonisolated(unsafe) let results = results
            x.withUnsafeBufferPointer { x in
                workspace.run(count: parts * codes + count * groups * share, scratch: 2 * share + spare) { machine, memory in
                    let rounded = memory, sums = memory + parts * codes
                    if codes > 0 {
                        machine.parallelFor(parts) { part, _ in
                            _ = networks[0].first[part].rows(rows, x.baseAddress! + part * Perceptron.part, pitch: inputs, ofMany: false, scratch: rounded + part * codes, machine.kernels)
                        }
                    }
                    machine.parallelFor(count * groups) { index, _ in
                        let (network, group) = index.quotientAndRemainder(dividingBy: groups)
                        let place = sums + index * share
                        for part in group * Self.group..<min((group + 1) * Self.group, parts) {
                            let layer = networks[network].first[part]
                            let source = layer.prepared(rows, x.baseAddress! + part * Perceptron.part, pitch: inputs, ofMany: false, scratch: rounded + part * codes)
                            layer.apply(rows, source, to: place, pitch: layer.outputs, adding: part % Self.group == 0 ? nil : UnsafePointer(place), machine.kernels)
                        }
                    }
                    machine.parallelFor(count) { index, slot in
                        let values = machine.scratch(slot: slot), first = sums + index * groups * share, network = networks[index]
                        values.update(from: first, count: rows * network.widths[0])
                        for group in 0..<groups where group > 0 { machine.kernels.add(values, values, first + group * share, rows * network.widths[0], -.infinity, .infinity) }
                        network.finish(rows, values, spare: values + share, rounded: values + 2 * share, to: results.baseAddress! + index, pitch: count, machine.kernels)
                    }
                }
            }
        }
        return results
    }
}
