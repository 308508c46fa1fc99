internal import CInferenceKernels

/// A long short-term memory of one layer, in two halves: what the inputs contribute to the gates is a matrix product over any number of
/// steps at once, in any order and on any thread; only the recurrence goes step by step.
///
/// Gates are in PyTorch's order: input, forget, cell, output.
package struct LSTM: Sendable {
    /// What one step leaves to the next.
    package struct State: Sendable, Equatable {
        /// `[units]`, the last output.
        package fileprivate(set) var hidden: [Float]
        /// `[units]`.
        package fileprivate(set) var cell: [Float]
    }

    package let inputs: Int
    package let units: Int
    private let inputMatrix: PackedMatrix
    private let recurrent: AlignedStorage
    private let kernels: mien_kernels

    /// - Parameters:
    ///   - inputWeights: `[4 * units, inputs]`, row-major.
    ///   - recurrentWeights: `[4 * units, units]`, row-major.
    ///   - bias: `[4 * units]`; PyTorch's two biases added.
    package init(inputWeights: [Float], recurrentWeights: [Float], bias: [Float]) {
        self.init(inputWeights: inputWeights, recurrentWeights: recurrentWeights, bias: bias, kernels: Kernels.table)
    }

    init(inputWeights: [Float], recurrentWeights: [Float], bias: [Float], kernels: mien_kernels) {
        let gates = bias.count, units = gates / 4
        precondition(units > 0 && gates == 4 * units && recurrentWeights.count == gates * units && inputWeights.count % gates == 0,
                     "weights of 4 * \(units) gates")
        (self.units, self.kernels) = (units, kernels)
        inputs = inputWeights.count / gates
        inputMatrix = PackedMatrix(inputWeights, rows: inputs, columns: gates, rowStride: 1, columnStride: inputs, bias: bias, kernels: kernels)
        recurrent = AlignedStorage(count: kernels.lstm_packed_count(units))
        kernels.lstm_pack(recurrent.pointer, recurrentWeights, units)
    }

    /// A memory of nothing: zeros.
    package var initialState: State {
        State(hidden: [Float](repeating: 0, count: units), cell: [Float](repeating: 0, count: units))
    }

    /// Floats of gates for one step.
    package var gateCount: Int { 4 * units }

    /// The first half: `[steps, inputs]` to `[steps, gateCount]`. A step's result does not depend on how many there are.
    package func computeGates(_ source: UnsafePointer<Float>, steps: Int, to gates: UnsafeMutablePointer<Float>) {
        guard steps > 0 else { return }
        var product = inputMatrix.product(rows: steps, from: source, pitch: inputs, to: gates, pitch: gateCount, Epilogue(nil))
        kernels.product(&product)
    }

    /// The second half: goes `steps` steps on from `state`, and writes the output of each, `[steps, units]`.
    ///
    /// - Parameter gates: `[steps, gateCount]`, from `computeGates`.
    package func advance(_ state: inout State, gates: UnsafePointer<Float>, steps: Int, to output: UnsafeMutablePointer<Float>) {
        precondition(state.hidden.count == units && state.cell.count == units, "the state is of another network")
        state.hidden.withUnsafeMutableBufferPointer { hidden in
            state.cell.withUnsafeMutableBufferPointer { cell in
                var run = mien_lstm()
                (run.steps, run.units, run.gates, run.packed) = (steps, units, gates, UnsafePointer(recurrent.pointer))
                (run.hidden, run.cell, run.output) = (hidden.baseAddress, cell.baseAddress, output)
                kernels.lstm(&run)
            }
        }
        withExtendedLifetime(recurrent) {}
    }
}
