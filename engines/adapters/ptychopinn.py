"""PtychoPINN (GPL-3.0) from a checkout that the variable PTYCHOPINN names: as it is, or with its known defects repaired.

Nothing of its code is here: its own functions group, normalise, train, infer and stitch. The repairs replace some of
them while this process runs; each is a setting, and the default of each is what the checkout does. The network has
half as many filters and fewer epochs than its defaults, so that a fit takes half a minute on two cores.
"""

import json
import os
import sys
from pathlib import Path
from typing import ClassVar

import numpy as np

from ptyspec.errors import ConfigError
from ptyspec.runs.serve import channel, serve
from ptyspec.runs.store import source_digest

SETTINGS = {
    # What a user of the checkout sets.
    "gridsize": 1,
    "nepochs": 20,
    "batch_size": 16,
    "predict_batch": 32,
    "neighbor_count": 4,
    "amp_activation": "sigmoid",
    "n_filters_scale": 1,
    "probe_big": True,
    "probe_mask": False,
    "probe_scale": 4.0,
    "object_big": False,  # True merges the members of a group inside the network
    "crop": 20,
    "seed": 0,
    # Repairs.
    "polar": True,
    "undo_gain": False,
    "keep_gain": False,
    "undo_probe_norm": False,
    "per_group_merge": False,
    "merge_weights": "centre",
}


def checkout():
    """Put the checkout on the path of imports; raises ConfigError where there is none."""
    folder = os.environ.get("PTYCHOPINN", "")
    if not (Path(folder) / "ptycho" / "model.py").is_file():
        what = "PTYCHOPINN names no checkout of PtychoPINN"
        limit, step = "a folder with ptycho/model.py", "clone it and set PTYCHOPINN to the folder"
        raise ConfigError(what, value=folder, limit=limit, source="environment", next_step=step)
    sys.path.insert(0, folder)


def read_settings(words):
    """Return the settings with those that KEY=VALUE changes, the value in JSON; raises ConfigError for other keys."""
    pairs = (word.partition("=") for word in words)
    settings = SETTINGS | {key: json.loads(value) for key, _, value in pairs}
    if unknown := sorted(set(settings) - set(SETTINGS)):
        what, limit = "no such setting", ", ".join(SETTINGS)
        raise ConfigError(what, value=unknown[0], limit=limit, next_step="take one of them")
    return settings


class Replaced:
    """Functions of the checkout that are replaced inside a `with` block."""

    def __init__(self, *changes):
        self.changes = changes

    def __enter__(self):
        self.kept = [(owner, name, getattr(owner, name)) for owner, name, _ in self.changes]
        for owner, name, value in self.changes:
            setattr(owner, name, value)

    def __exit__(self, *_):
        for owner, name, value in self.kept:
            setattr(owner, name, value)


def merges(settings):
    """Return what replaces the merge of a group's patches inside the network.

    - merge_weights: "centre" divides sums of whole patches by the overlap of their middle quarters plus 0.001;
      "window" multiplies by the same weights that it divides by, so that a merge of ones is one.
    - per_group_merge: each group on a canvas of its own, whatever the size of the batch.
    """
    import tensorflow as tf
    from ptycho import custom_layers, tf_helper

    def merge(self, inputs):
        patches, positions = inputs
        # The checkout has both: this one sums the members of each group, and no more.
        own = tf_helper.mk_reassemble_position_real(positions, padded_size=self.padded_size)
        return tf_helper.reassemble_patches(
            patches, fn_reassemble_real=own, N=self.N, gridsize=self.gridsize
        )

    def weighted(channels, fn_reassemble_real, average=False, N=None, gridsize=None, **_):
        edge = tf.signal.hann_window(N, periodic=False) + 0.01
        weight = (edge[:, None] * edge[None])[None, :, :, None]
        parts = [tf.math.real(channels), tf.math.imag(channels)]
        below = fn_reassemble_real(weight * tf.ones_like(parts[0])) + 1e-6
        return tf.dtypes.complex(*(fn_reassemble_real(weight * part) / below for part in parts))

    changes = []
    if settings["per_group_merge"]:
        changes.append((custom_layers.ReassemblePatchesLayer, "call", merge))
    if settings["merge_weights"] == "window":
        changes.append((tf_helper, "reassemble_patches", weighted))
    return changes


def replacements(settings):
    """Return what replaces functions of the checkout with these settings."""
    from ptycho import custom_layers

    plain = custom_layers.CombineComplexLayer.__init__

    def combine(self, use_polar=True, **how):
        plain(self, use_polar=settings["polar"], **how)

    return [(custom_layers.CombineComplexLayer, "__init__", combine), *merges(settings)]


class PtychoPINN:
    """Its network, fitted to one scan; the object is N x N a group, and stitched at the positions of the groups."""

    name = "ptychopinn"
    seed = "seed"
    untrained: ClassVar = {"nepochs": 0}

    def __init__(self, words=()):
        """`words`: settings as KEY=VALUE, the value in JSON."""
        self.settings = read_settings(words)
        # Another checkout is another pipeline: its answers are not taken for those of this one.
        self.code_version = source_digest(Path(os.environ["PTYCHOPINN"]), ("ptycho",))
        self.built = {}

    def fit(self, scans, settings):
        """Return the weights with the settings, the gain and the scale that they were trained with."""
        from ptycho import model, params, probe, train_pinn

        (scan,) = scans
        configure(settings, scan)
        groups, gain = grouped(scan, settings)
        data = container(groups, scan)
        params.set("intensity_scale", train_pinn.calculate_intensity_scale(data))
        probe.set_probe_guess(None, scan.probe)
        norm = probe_norm(scan)
        with Replaced(*replacements(settings)):
            whole, network = self.network(settings, scan)
            if settings["nepochs"]:
                model.train(settings["nepochs"], data, model_instance=whole)
        scale, weights = params.get("intensity_scale"), network.get_weights()
        return {
            "settings": settings,
            "gain": gain,
            "norm": norm,
            "scale": scale,
            "weights": weights,
        }

    def reconstruct(self, scan, model):
        """Return object and origin; groups that came back as one canvas are each given that canvas, as training does."""
        settings = model["settings"]
        configure(settings, scan)
        groups, gain = grouped(scan, settings, model["gain"] if settings["keep_gain"] else None)
        inputs = groups["X_full"] * np.float32(model["scale"])
        places = groups["coords_relative"].astype(np.float32)
        size, made = settings["predict_batch"], []
        with Replaced(*replacements(settings)):
            network = self.built[architecture(settings, scan)][1]
            network.set_weights(model["weights"])
            for first in range(0, len(inputs), size):
                part = slice(first, first + size)
                image = network.predict_on_batch([inputs[part], places[part]])
                made.append(np.broadcast_to(image, (len(inputs[part]), *image.shape[1:])))
        image, _, origin = stitched(
            np.concatenate(made), groups["coords_offsets"], settings["crop"]
        )
        if settings[
            "undo_gain"
        ]:  # the input is g times as large: so is the object that explains it
            image = image / np.float32(gain)
        if settings["undo_probe_norm"]:  # the probe is smaller by it: so is the object larger
            image = image / np.float32(model["norm"])
        return image, origin

    def network(self, settings, scan):
        """Return whole model and generator as they are before the first step.

        An architecture is built once and its variables set anew: tracing it takes a minute, a fit seconds.
        """
        import tensorflow as tf
        from ptycho import model, params

        key = architecture(settings, scan)
        if key not in self.built:
            model._lazy_cache.clear()
            made = model.create_compiled_model(settings["gridsize"], scan.probe.shape[0])
            self.built[key] = (*made, model._get_log_scale())
        whole, network, scale = self.built[key]
        tf.keras.utils.set_random_seed(settings["seed"])
        kernel = tf.keras.initializers.GlorotUniform()
        for weight in whole.weights:
            weight.assign(
                kernel(weight.shape) if len(weight.shape) == 4 else tf.zeros(weight.shape)
            )
        for one in whole.optimizer.variables:
            one.assign(tf.zeros(one.shape, one.dtype))
        whole.optimizer.learning_rate = 0.001
        whole.get_layer("probe_illumination").w.assign(params.get("probe")[None])
        scale.assign(float(np.log(params.get("intensity_scale"))))
        return whole, network


AFTERWARDS = (
    "nepochs",
    "predict_batch",
    "neighbor_count",
    "crop",
    "seed",
    "undo_gain",
    "keep_gain",
    "undo_probe_norm",
)
"""Settings that do not change what is built."""


def architecture(settings, scan):
    """Return what names a network that is built."""
    kept = [(key, value) for key, value in sorted(settings.items()) if key not in AFTERWARDS]
    return (scan.probe.shape[0], *kept)


def configure(settings, scan):
    """Set the dictionary that the checkout reads."""
    from ptycho import params

    mask = 1 if scan.mask is None else scan.mask
    photons = ((scan.amplitude.astype(float) * scan.scale) ** 2 * mask).sum(axis=(1, 2)).mean()
    own = ("gridsize", "nepochs", "batch_size", "amp_activation", "n_filters_scale", "probe_scale")
    params.cfg.update({key: settings[key] for key in own})
    params.cfg.update({"probe.big": settings["probe_big"], "probe.mask": settings["probe_mask"]})
    params.cfg.update(
        {"N": scan.probe.shape[0], "nphotons": float(photons), "object.big": settings["object_big"]}
    )
    params.cfg.update({"intensity_scale.trainable": True, "use_xla_translate": False})


def grouped(scan, settings, gain=None):
    """Return groups as its own functions make them, and the gain of their input; `gain`: in place of their own."""
    from ptycho.raw_data import RawData

    x, y = np.array(scan.positions.T)
    data = RawData.from_coords_without_pc(
        x, y, np.array(scan.amplitude), np.array(scan.probe), np.zeros(len(x), int)
    )
    groups = data.generate_grouped_data(
        scan.probe.shape[0],
        K=settings["neighbor_count"],
        nsamples=len(x),
        seed=settings["seed"],
        gridsize=settings["gridsize"],
    )
    own = float(groups["X_full"].sum() / groups["diffraction"].sum())
    if gain is not None:
        groups["X_full"] = groups["diffraction"] * np.float32(gain)
    return groups, own if gain is None else gain


def container(groups, scan):
    """Return what the checkout trains on."""
    from ptycho import loader

    return loader.load(lambda: groups, np.array(scan.probe), which=None, create_split=False)


def probe_norm(scan):
    """Return by what the checkout divided the probe of the scan."""
    from ptycho import params

    used = np.asarray(params.get("probe"))[..., 0]
    return float(np.abs(scan.probe).sum() / np.abs(used).sum())


def stitched(patches, offsets, crop):
    """Return object, coverage and origin (x, y); NaN where no patch fell. The canvas lies around the mean position."""
    from ptycho import tf_helper

    patches = patches.astype(np.complex64)
    image = np.array(tf_helper.reassemble_position(patches, offsets, M=crop))[..., 0]
    known = np.array(tf_helper.shift_and_sum(np.ones_like(patches), offsets, M=crop))[..., 0]
    image = np.where(np.abs(known) > 0.5, image, np.complex64(np.nan))
    middle = offsets.astype(np.float32).mean(axis=0).reshape(2)
    return image, known, tuple(middle - image.shape[0] / 2)


if __name__ == "__main__":
    with channel() as (questions, answers):
        checkout()
        serve(PtychoPINN(sys.argv[1:]), questions, answers)
