"""The network of own_network.cpp for PyTorch: trained and exported by

PYTHONPATH=examples uml-train fit --data FOLDER --network own_network:EvidentialUnet --size 128 --channels 1 \\
                                  --preset small-data --out training/runs/own
PYTHONPATH=examples uml-train export training/runs/own --out own.safetensors --regions background tumour
uml-own-network own.safetensors
"""

from uml_training import blocks
from uml_training.blocks import DoubleConv, NavigatorGate, Project, UpStep


class EvidentialUnet(blocks.Network):
    label = "evidential_unet"

    def __init__(self, config):
        super().__init__(config)
        self.enc1, self.enc2, self.enc3 = DoubleConv(config.channels_in, 16), DoubleConv(16, 32), DoubleConv(32, 64)
        self.dec2 = UpStep(64, 32, 32)
        self.first, self.mutual = Project(32, config.regions), Project(32, 8)
        self.navigator = NavigatorGate(16, 8)
        self.dec1 = UpStep(32, 16, 16)
        self.head = Project(16, config.regions)
        self.classifier = blocks.linear(64, config.classes, bias=True)

    def forward(self, image):
        e1 = self.enc1(image)
        e2 = self.enc2(blocks.max_pool(e1, 2, 2))
        e3 = self.enc3(blocks.max_pool(e2, 2, 2))
        d2 = self.dec2(e3, e2)
        # A first opinion at half size says where the skip features can be relied on.
        first = self.first(d2)
        skip = self.navigator(e1, self.mutual(d2), blocks.evidential_head(first).vacuity)
        logits = self.head(self.dec1(d2, skip))
        return {"cls_logits": self.classifier(blocks.global_average(e3)), "seg_logits": logits,
                "mut_logits": [logits, first]}
