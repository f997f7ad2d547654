extension KnownRelease {
  /// OpenAI's releases.
  ///
  /// The digests of `.pt` files are part of the addresses that `clip/clip.py` of
  /// https://github.com/openai/CLIP fetches them from; the others are those of
  /// `pytorch_model.bin` and `model.safetensors` in the repositories of the Hugging Face hub. Accuracies
  /// are columns of docs/openclip_results.csv in https://github.com/mlfoundations/open_clip at commit
  /// 0a1cc15, which scores ImageNet-V2 in its matched-frequency variant, and -A and -R over their 200
  /// classes. ObjectNet is left out: it is scored there with a head of its own classes' names.
  public static let all: [KnownRelease] = [
    release(
      "RN50", [0.5982, 0.5284, 0.2327, 0.6073, 0.3544],
      "afeb0e10f9e5a86da6080e35cf09123aca3b358a0c3e3b6c78a7b63bc04b6762"),
    release(
      "RN101", [0.6228, 0.5612, 0.2944, 0.6817, 0.4106],
      "8fa8567bab74a42d41c5915025a8e4538c3bdbe8804a470a72f30b0d94fab599"),
    release(
      "RN50x4", [0.6627, 0.5944, 0.4145, 0.7274, 0.4468],
      "7e526bd135e493cef0776de27d5f42653e6b4c8bf9e0f653bb11773263205fdd"),
    release(
      "RN50x16", [0.7072, 0.6420, 0.5724, 0.7933, 0.5063],
      "52378b407f34354e150460fe41077663dd5b39c54cd0bfd2b27167a4a06ec9aa"),
    release(
      "RN50x64", [0.7391, 0.6706, 0.7077, 0.8441, 0.5593],
      "be1cfb55d75a9666199fb2206c106743da0f6468c9d327f3e0d0a543a9919d9c"),
    release(
      "ViT-B/32", [0.6332, 0.5592, 0.3155, 0.6933, 0.4229],
      "40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58eba950af",
      "a63082132ba4f97a80bea76823f544493bffa8082296d62d71581a4feff1576f"),
    release(
      "ViT-B/16", [0.6834, 0.6188, 0.4995, 0.7770, 0.4824],
      "5806e77cd80f8b59890b7e101eabd078d9fb84e6937f9e85e4ecb61988df416f"),
    release(
      "ViT-L/14", [0.7554, 0.6983, 0.7075, 0.8784, 0.5959],
      "b8cca3fd41ae0c99ba7e8951adf17d267cdb84cd88be6f7c2e0eca1737a03836",
      "f1a17cdbe0f36fec524f5cafb1c261ea3bbbc13e346e0f74fc9eb0460dedd0d3",
      "a2bf730a0c7debf160f7a6b50b3aaf3703e7e88ac73de7a314903141db026dcb"),
    release(
      "ViT-L/14@336px", [0.7656, 0.7089, 0.7748, 0.8905, 0.6100],
      "3035c92b350959924f9f00213499208652fc7ea050643e8b385c2dac08641f02",
      "c6032c2e0caae3dc2d4fba35535fa6307dbb49df59c7e182b1bc4b3329b81801"),
  ]

  /// The data sets of the accuracies' columns.
  private static let sets = [
    "imagenet", "imagenet-v2/matched-frequency", "imagenet-a", "imagenet-r", "imagenet-sketch",
  ]

  private static func release(
    _ name: String, _ accuracies: [Double], _ digests: String...
  ) -> KnownRelease {
    KnownRelease(
      name: "OpenAI's \(name)", files: Set(digests.map { "sha256:\($0)" }),
      accuracies: Dictionary(uniqueKeysWithValues: zip(sets, accuracies)))
  }
}
