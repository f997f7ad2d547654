/// Every libtorch operator that holdfast uses; a test checks that libtorch has each of them.
extension Operator {
  static let add = Operator("add", "Tensor")
  static let addInPlace = Operator("add_", "Tensor")
  static let addScalar = Operator("add", "Scalar")
  static let amax = Operator("amax")
  static let arange = Operator("arange", "start_step")
  static let argmax = Operator("argmax")
  static let averagePool = Operator("avg_pool2d")
  static let batchNorm = Operator("batch_norm")
  static let bicubicResize = Operator("_upsample_bicubic2d_aa")
  static let cat = Operator("cat")
  static let clampMax = Operator("clamp_max")
  static let clone = Operator("clone")
  static let contiguous = Operator("contiguous")
  static let convert = Operator("to", "dtype")
  static let convolution = Operator("conv2d")
  static let copy = Operator("copy_")
  static let crossEntropy = Operator("cross_entropy_loss")
  static let detach = Operator("detach")
  static let divide = Operator("div", "Tensor")
  static let embedding = Operator("embedding")
  static let empty = Operator("empty", "memory_format")
  static let exp = Operator("exp")
  static let expand = Operator("expand")
  static let fill = Operator("fill_", "Scalar")
  static let full = Operator("full")
  static let gather = Operator("gather")
  static let gelu = Operator("gelu")
  static let indexSelect = Operator("index_select")
  static let isFinite = Operator("isfinite")
  static let all = Operator("all")
  static let layerNorm = Operator("layer_norm")
  static let linear = Operator("linear")
  static let log = Operator("log")
  static let logSoftmax = Operator("log_softmax", "int")
  static let lookUpPixels = Operator("look_up_pixels", library: "holdfast")
  static let matmul = Operator("matmul")
  static let matrixProduct = Operator("matrix_product", library: "holdfast")
  static let mean = Operator("mean", "dim")
  static let move = Operator("to", "dtype_layout")
  static let multiply = Operator("mul", "Tensor")
  static let multiplyScalar = Operator("mul", "Scalar")
  static let narrow = Operator("narrow")
  static let permute = Operator("permute")
  static let quickGELU = Operator("quick_gelu", library: "holdfast")
  static let relu = Operator("relu")
  static let remainder = Operator("remainder", "Scalar")
  static let reshape = Operator("reshape")
  static let attention = Operator("scaled_dot_product_attention")
  static let sigmoid = Operator("sigmoid")
  static let sign = Operator("sign")
  static let softmax = Operator("softmax", "int")
  static let split = Operator("split_with_sizes")
  static let sqrt = Operator("sqrt")
  static let stack = Operator("stack")
  static let subtract = Operator("sub", "Tensor")
  static let sum = Operator("sum")
  static let sumDimensions = Operator("sum", "dim_IntList")
  static let absolute = Operator("abs")
  static let topk = Operator("topk")
  static let transformerBlock = Operator("transformer_block", library: "holdfast")
  static let transpose = Operator("transpose", "int")
  static let unbind = Operator("unbind", "int")
  static let visionEmbedding = Operator("vision_embedding", library: "holdfast")
  static let vectorNorm = Operator("linalg_vector_norm")
  static let zeros = Operator("zeros")

  static let everything: [Operator] = [
    add, addInPlace, addScalar, amax, arange, argmax, averagePool, batchNorm, bicubicResize, cat,
    clampMax,
    clone, contiguous, convert, convolution, copy, crossEntropy, detach, divide, embedding, empty,
    exp, expand, fill, full, gather, gelu, indexSelect, isFinite, all, layerNorm, linear, log,
    logSoftmax, lookUpPixels, matmul, matrixProduct, mean, move, multiply, multiplyScalar, narrow,
    permute, quickGELU, relu, remainder, reshape, attention, sigmoid, sign, softmax, split, sqrt,
    stack, subtract, sum, sumDimensions, absolute, topk, transformerBlock, transpose, unbind,
    vectorNorm, visionEmbedding, zeros,
  ]

  /// The names of operators that this libtorch lacks; empty where all is well.
  static var unresolved: [String] {
    everything.filter { !$0.isResolved }.map { "\($0.name).\($0.overload)" }
  }
}

extension Machine {
  /// The names of operators that holdfast uses and this libtorch lacks.
  public static var missingOperators: [String] { Operator.unresolved }
}
