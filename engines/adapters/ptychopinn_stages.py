"""PtychoPINN's normalisation and the merge inside its network as two stages, for `ptyspec check` in its own environment.

Inference is given a perfect generator, so nothing is trained: what comes out wrong comes from its merge of patches.
`ptychopinn.py` has the settings; here they are words of the variable PTYCHOPINN_SETTINGS, as KEY=VALUE.
"""

import os

import numpy as np
from ptychopinn import Replaced, checkout, merges, read_settings

from ptyspec.errors import ConfigError
from ptyspec.pipeline.protocol import Containers
from ptyspec.pipeline.reference import ReferencePipeline


class PtychoPINNStages:
    """`normalize` and `infer` by its own functions."""

    name = "ptychopinn"

    def __init__(self):
        self.settings = read_settings(os.environ.get("PTYCHOPINN_SETTINGS", "").split())
        checkout()

    def normalize(self, scenario, groups):
        """Return both splits with the gain that `normalize_data` gives each, or the training one for both."""
        from ptycho.raw_data import normalize_data

        def gain(part):
            frames = part.diffraction
            return float(normalize_data({"diffraction": frames}, part.scan.N).max() / frames.max())

        made = ReferencePipeline().normalize(scenario, groups)
        train, test = gain(groups.train), gain(groups.test)
        return Containers(
            made.train.model_copy(update={"gain": train}),
            made.test.model_copy(update={"gain": train if self.settings["keep_gain"] else test}),
        )

    def infer(self, scenario, trained, container):
        """Return the members of each group behind its merge; a network that explains the gained input gives gain x O."""
        patches = trained.predict(trained.weights, container)
        gain = np.float32(container.gain)
        size, made = self.settings["predict_batch"], []
        for first in range(0, len(patches.object), size):
            part = slice(first, first + size)
            places = container.groups.coords_relative[part].astype(np.float32)
            made.append(self.merged(patches.object[part] * gain, places))
        image = np.concatenate(made)
        if self.settings["undo_gain"]:
            image = image / gain
        return patches.model_copy(update={"object": image.astype(np.complex64)})

    def merged(self, members, places):
        """Return members (B, N, N, C) cut from the canvas on which its network merges them."""
        import tensorflow as tf
        from ptycho import params, tf_helper
        from ptycho.custom_layers import ExtractPatchesPositionLayer, ReassemblePatchesLayer

        size, count = members.shape[1], members.shape[3]
        gridsize = round(count**0.5)
        # One canvas for all batches: if its size followed the positions in a batch, so would the last bits of a group.
        reach = size
        if (far := float(np.abs(places).max())) > reach / 2:
            raise ConfigError(
                "a member lies off the canvas of its group", value=far, limit=size / 2
            )
        params.cfg.update({"N": size, "gridsize": gridsize, "max_position_jitter": reach})
        params.cfg.update({"offset": 0, "use_xla_translate": False})
        with Replaced(*merges(self.settings)):
            how = {"N": size, "gridsize": gridsize}
            layer = ReassemblePatchesLayer(padded_size=size + reach, **how)
            canvas = layer([tf.constant(members), tf.constant(places)])
            # One canvas for a batch is given to each of its groups, as the training loss does.
            canvas = tf.repeat(canvas, len(members) // canvas.shape[0], axis=0)
            cut = ExtractPatchesPositionLayer(**how)([canvas, tf.constant(places)])
            return tf_helper._flat_to_channel(cut, **how).numpy()
