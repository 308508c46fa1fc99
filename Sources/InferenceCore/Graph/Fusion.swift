/// Turns the nodes of a graph into fewer stages: batch normalisation goes into the weights before it, activations and residual sums into
/// the operation that makes their input, and depthwise separable convolutions and inverted residual blocks become one stage.
struct Fusion {
    private(set) var stages: [Stage]
    /// Values that must exist in memory for the caller.
    private let kept: Set<Int>

    /// - Parameter enabled: false leaves every node a stage of its own, to compare with.
    static func stages(of graph: Graph, enabled: Bool) -> [Stage] {
        var fusion = Fusion(graph)
        if enabled {
            fusion.foldScales()
            fusion.foldActivations()
            fusion.foldSums()
            // An activation after a sum.
            fusion.foldActivations()
            fusion.joinBlocks()
        }
        return fusion.stages
    }

    private init(_ graph: Graph) {
        kept = Set(graph.outputs.map(\.value.id))
        stages = graph.nodes.map { node in
            let kind: Stage.Kind = switch node.operation {
            case .convolution(let convolution): .convolution(convolution, nil)
            case .transposedConvolution(let convolution): .transposedConvolution(convolution, nil)
            case .linear(let weights, let bias, let outputs): .linear(weights: weights, bias: bias, outputs: outputs, nil)
            case .add: .add(nil)
            default: .other(node.operation)
            }
            return Stage(names: [node.name], kind: kind, inputs: node.inputs.map(\.id), output: node.output.id)
        }
    }

    /// The stage that makes `value`, if `reader` is the only one that needs it.
    private func soleProducer(of value: Int, for reader: Int) -> Int? {
        guard !kept.contains(value), let producer = stages.firstIndex(where: { $0.output == value }) else { return nil }
        let uses = stages.reduce(0) { count, stage in count + stage.allInputs.count { $0 == value } }
        return uses == 1 && stages[reader].allInputs.contains(value) ? producer : nil
    }

    /// Puts `stage` in the place of `reader` and removes the stages it has swallowed.
    private mutating func replace(_ reader: Int, with stage: Stage, removing swallowed: [Int]) {
        stages[reader] = stage
        for index in swallowed.sorted(by: >) { stages.remove(at: index) }
    }

    private mutating func foldScales() {
        var index = 0
        while index < stages.count {
            defer { index += 1 }
            guard case .other(.scaleShift(let scale, let shift)) = stages[index].kind,
                  let producer = soleProducer(of: stages[index].inputs[0], for: index) else { continue }
            var stage = stages[producer]
            switch stage.kind {
            case .convolution(let convolution, nil) where convolution.outputChannels == scale.count:
                stage.kind = .convolution(convolution.scaled(by: scale, shift: shift), nil)
            case .transposedConvolution(let convolution, nil) where convolution.outputChannels == scale.count:
                stage.kind = .transposedConvolution(convolution.scaled(by: scale, shift: shift), nil)
            default: continue
            }
            stage.names += stages[index].names
            stage.output = stages[index].output
            replace(index, with: stage, removing: [producer])
            index -= 1
        }
    }

    private mutating func foldActivations() {
        var index = 0
        while index < stages.count {
            defer { index += 1 }
            guard case .other(.activation(let activation)) = stages[index].kind,
                  let producer = soleProducer(of: stages[index].inputs[0], for: index) else { continue }
            var stage = stages[producer]
            // A sum that goes into the kernel is done before a clamp, but not before an activation that runs after the kernel: that
            // still comes last, as it must.
            guard stage.activation == .some(nil), !stage.residualLast else { continue }
            switch stage.kind {
            case .convolution(let convolution, _): stage.kind = .convolution(convolution, activation)
            case .transposedConvolution(let convolution, _): stage.kind = .transposedConvolution(convolution, activation)
            case .linear(let weights, let bias, let outputs, _): stage.kind = .linear(weights: weights, bias: bias, outputs: outputs, activation)
            case .add: stage.kind = .add(activation)
            case .block, .other: continue
            }
            stage.names += stages[index].names
            stage.output = stages[index].output
            replace(index, with: stage, removing: [producer])
            index -= 1
        }
    }

    /// A sum becomes the residual of the convolution that makes one of its terms: of the later one, whose other term is then ready.
    private mutating func foldSums() {
        var index = 0
        while index < stages.count {
            defer { index += 1 }
            guard case .add(nil) = stages[index].kind, stages[index].inputs[0] != stages[index].inputs[1] else { continue }
            let candidates = stages[index].inputs.compactMap { soleProducer(of: $0, for: index) }.sorted(by: >)
            for producer in candidates {
                var stage = stages[producer]
                guard stage.residual == nil, let activation = stage.activation, Epilogue(activation).later == nil else { continue }
                switch stage.kind {
                case .convolution(let convolution, _) where !convolution.isDepthwise: break
                case .transposedConvolution: break
                default: continue
                }
                stage.residual = stages[index].inputs.first { $0 != stage.output }
                stage.residualLast = activation != nil
                stage.names += stages[index].names
                stage.output = stages[index].output
                replace(index, with: stage, removing: [producer])
                index -= 1
                break
            }
        }
    }

    private mutating func joinBlocks() {
        var index = 0
        while index < stages.count {
            defer { index += 1 }
            guard case .convolution(let project, let projectActivation) = stages[index].kind, project.isPointwise,
                  let middle = soleProducer(of: stages[index].inputs[0], for: index),
                  case .convolution(let depthwise, let depthwiseActivation) = stages[middle].kind, depthwise.isDepthwise,
                  stages[middle].residual == nil else { continue }
            var stage = stages[index]
            var swallowed = [middle]
            var expand: (Convolution, Activation?)?
            stage.inputs = stages[middle].inputs
            stage.names = stages[middle].names + stage.names
            if let first = soleProducer(of: stages[middle].inputs[0], for: middle),
               case .convolution(let convolution, let activation) = stages[first].kind, convolution.groups == 1, stages[first].residual == nil {
                expand = (convolution, activation)
                stage.inputs = stages[first].inputs
                stage.names = stages[first].names + stage.names
                swallowed.append(first)
            }
            stage.kind = .block(expand: expand, depthwise: (depthwise, depthwiseActivation), project: (project, projectActivation))
            replace(index, with: stage, removing: swallowed)
            index -= swallowed.count
        }
    }
}
