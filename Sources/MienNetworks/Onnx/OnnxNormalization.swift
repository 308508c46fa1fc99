/// (x - mean) / sqrt(variance + epsilon), as exporters write layer normalisation before operator set 17: seven operators up to the division.
/// Scale and shift follow as operators of their own.
struct OnnxNormalization {
    /// Outputs of the nodes before the division, which nothing else reads.
    let absorbed: [String]
    /// Name of x.
    let input: String
    /// The nodes that average x, and the squares.
    let means: [OnnxNode]
    /// Name of the exponent, nil if the difference is multiplied with itself.
    let exponent: String?
    let epsilon: String

    /// Finds them among `nodes`, by the name of the division's output.
    static func find(in nodes: [OnnxNode], _ uses: OnnxUses) -> [String: OnnxNormalization] {
        var found: [String: OnnxNormalization] = [:]
        for division in nodes where division.operation == "Div" && division.inputs.count == 2 {
            if let output = division.outputs.first, let normalization = match(division, uses) { found[output] = normalization }
        }
        return found
    }

    private static func match(_ division: OnnxNode, _ uses: OnnxUses) -> OnnxNormalization? {
        let (difference, deviation) = (division.inputs[0], division.inputs[1])
        guard let root = uses.maker(deviation, "Sqrt", inputs: 1), let sum = uses.maker(root.inputs[0], "Add", inputs: 2),
              let subtraction = uses.maker(difference, "Sub", inputs: 2) else { return nil }
        for (variance, epsilon) in [(sum.inputs[0], sum.inputs[1]), (sum.inputs[1], sum.inputs[0])] {
            guard let average = mean(variance, uses), let square = uses.maker(average.inputs[0]), square.inputs.count == 2,
                  let centre = mean(subtraction.inputs[1], uses), centre.inputs[0] == subtraction.inputs[0] else { continue }
            let isPower = square.operation == "Pow" && square.inputs[0] == difference
            guard isPower || square.operation == "Mul" && square.inputs == [difference, difference] else { continue }
            let single = [subtraction.inputs[1], average.inputs[0], variance, root.inputs[0], deviation]
            guard single.allSatisfy({ uses.readers($0)?.count == 1 }), uses.readers(difference)?.count == 2 else { continue }
            return OnnxNormalization(absorbed: single + [difference], input: subtraction.inputs[0], means: [centre, average],
                                     exponent: isPower ? square.inputs[1] : nil, epsilon: epsilon)
        }
        return nil
    }

    private static func mean(_ name: String, _ uses: OnnxUses) -> OnnxNode? {
        uses.maker(name, "ReduceMean", inputs: 1) ?? uses.maker(name, "ReduceMean", inputs: 2)
    }
}
