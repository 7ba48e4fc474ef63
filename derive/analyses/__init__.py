"""What follows from an operation beyond its gradient, each derived from the declaration by a general rule.

* ``hvp``: Hessian-vector products, forward over reverse;
* ``cut``, ``forms``, ``curvature``: ``v'Hv`` as a sum of terms that are not negative by their form, where that can be shown;
* ``onestep``: one step of a recurrence, its states before and after;
* ``stability``, ``bounds``: iteration matrix and characteristic polynomial of an optimizer on a quadratic, stable rates;
* ``hypergradient``: how the parameters after the last step move with the hyper-parameters;
* ``through_time``: the Jacobian of one step of a recurrent layer, and what bounds a product of such Jacobians;
* ``slope``: the derivative of an activation, where it is 0, and where it is largest.

Nothing here computes with floats; ``verify.analyses`` runs these results and checks them.
"""
