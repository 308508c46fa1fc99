/// A network as a list of operations on named values, in an order in which every value is made before it is used.
///
/// A graph is a plain description: it holds weights as they came from the file, and no kernel has been chosen yet. `CompiledGraph`
/// turns it into packed weights, fused operations and a memory plan.
///
/// Rank-4 values that are pictures or maps are `[batch, height, width, channels]`, rank-2 values `[batch, features]`. Operations on arrays
/// (`reshape`, `permute`, `matrixProduct`...) take and make values of any rank.
package struct Graph: Sendable {
    /// A value in the graph: an input or the result of one node.
    package struct Value: Hashable, Sendable {
        package let id: Int
    }

    package struct Node: Sendable {
        /// Name from the model file, for error messages and profiles.
        package let name: String
        package let operation: Operation
        package let inputs: [Value]
        package let output: Value
    }

    package struct Input: Sendable {
        package let name: String
        /// Number of channels (rank 4) or features (rank 2). Batch, height and width are free.
        package let channels: Int
        package let rank: Int
        package let value: Value
    }

    package private(set) var nodes: [Node] = []
    package private(set) var inputs: [Input] = []
    package private(set) var outputs: [(name: String, value: Value)] = []
    private var valueCount = 0

    package init() {}

    package mutating func addInput(_ name: String, channels: Int, rank: Int = 4) -> Value {
        let value = nextValue()
        inputs.append(Input(name: name, channels: channels, rank: rank, value: value))
        return value
    }

    /// Appends an operation and returns its result.
    package mutating func add(_ operation: Operation, _ inputs: Value..., name: String) -> Value {
        add(operation, inputs, name: name)
    }

    package mutating func add(_ operation: Operation, _ inputs: [Value], name: String) -> Value {
        precondition(inputs.allSatisfy { $0.id < valueCount }, "a node may only use values that exist")
        let output = nextValue()
        nodes.append(Node(name: name, operation: operation, inputs: inputs, output: output))
        return output
    }

    package mutating func addOutput(_ name: String, _ value: Value) {
        outputs.append((name, value))
    }

    private mutating func nextValue() -> Value {
        defer { valueCount += 1 }
        return Value(id: valueCount)
    }
}
