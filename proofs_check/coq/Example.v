(* Nothing here is vacuous: F(y) = ln(1 + y^2) on R with gradient noise +-1 satisfies A1-A4 with L = 2, G = 2,
   F_star = 0,
   so the theorems hold for it with numbers in the place of every symbol. *)
From Coq Require Import Reals Lra Lia Psatz List.
From Mada Require Import Sums Logarithm Expectation Smoothness Setting Decoupling AVGradRatioSum AVGradRate AdagradRate.
Import ListNotations.
Local Open Scope R_scope.

Definition slope (y : R) : R := 2 * y / (1 + y²).
Definition F (y : vec) : R := ln (1 + (y O)²).
Definition gF (y : vec) : vec := fun _ => slope (y O).
Definition noisy (k : nat) (y : vec) : vec := fun _ => slope (y O) + match k with O => 1 | S _ => -1 end.
Definition fair (k : nat) : R := 1 / 2.

Lemma den_pos y : 0 < 1 + y².
Proof. pose proof (Rle_0_sqr y); lra. Qed.

(* slope y - slope x = 2 (y - x) q with |q| <= 1, because (1+x^2)(1+y^2) = (1-xy)^2 + (x+y)^2 *)
Lemma slope_lipschitz x y : (slope y - slope x)² <= 2² * (y - x)².
Proof.
  pose proof (den_pos x) as Hx. pose proof (den_pos y) as Hy.
  set (P := (1 + x²) * (1 + y²)). assert (HP : P = (1 - x * y)² + (x + y)²) by (unfold P, Rsqr; ring).
  assert (P1 : 1 <= P) by (unfold P, Rsqr in *; nra).
  set (q := (1 - x * y) / P).
  replace (slope y - slope x) with (2 * (y - x) * q)
    by (unfold q, P, slope; unfold Rsqr in *; field; split; lra).
  assert (Hq : q² <= 1).
  { unfold q. rewrite Rsqr_div'. pose proof (Rle_0_sqr (x + y)).
    assert (HP2 : 0 < P²) by (apply Rsqr_pos_lt; lra).
    apply Rmult_le_reg_r with (P²); [auto|].
    unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. unfold Rsqr in *; nra. }
  rewrite !Rsqr_mult. pose proof (Rle_0_sqr (y - x)). unfold Rsqr at 1 4. nra.
Qed.

Lemma slope_bound y : Rabs (slope y) <= 1.
Proof.
  pose proof (den_pos y) as H. pose proof (Rle_0_sqr (y - 1)). pose proof (Rle_0_sqr (y + 1)).
  assert (E : slope y * (1 + y²) = 2 * y) by (unfold slope; field; lra).
  apply Rabs_le; unfold Rsqr in *; split; nra.
Qed.

Lemma F_is_smooth : smooth 1 F gF 2.
Proof.
  constructor; [lra | |].
  - intros x h. set (c := x O). set (e := h O).
    replace (dot 1 (gF x) h) with (/ (1 + (c + 0 * e)²) * (0 + 2 * (c + 0 * e) * (0 + (1 * e + 0 * 0))))
      by (unfold dot, gF, slope; simpl; fold c e; pose proof (den_pos c); unfold Rsqr in *;
          field_simplify; try lra; f_equal; ring).
    apply (derivable_pt_lim_comp (fun s => 1 + (c + s * e)²) ln).
    + apply (derivable_pt_lim_plus (fun _ => 1) (fun s => (c + s * e)²)).
      * apply derivable_pt_lim_const.
      * apply (derivable_pt_lim_comp (fun s => c + s * e) Rsqr).
        -- apply (derivable_pt_lim_plus (fun _ => c) (fun s => s * e)); [apply derivable_pt_lim_const|].
           apply (derivable_pt_lim_mult (fun s => s) (fun _ => e));
             [apply derivable_pt_lim_id | apply derivable_pt_lim_const].
        -- apply derivable_pt_lim_Rsqr.
    + apply derivable_pt_lim_ln, den_pos.
  - intros x y. unfold sqn, gF. simpl. rewrite !Rplus_0_l. apply slope_lipschitz.
Qed.

Theorem example_assumptions : assumptions 2 fair 1 F gF 2 0 noisy 2.
Proof.
  constructor.
  - intros; unfold fair; lra.
  - unfold fair; simpl; lra.
  - intros y. unfold F. apply ln_nonneg. pose proof (Rle_0_sqr (y O)). lra.
  - intros k y i Hk Hi. pose proof (slope_bound (y O)) as Hb. unfold noisy.
    apply Rle_trans with (1 := Rabs_triang _ _).
    destruct k; [rewrite (Rabs_right 1) by lra | rewrite (Rabs_left (-1)) by lra]; lra.
  - apply F_is_smooth.
  - intros y i _. unfold Ex, fair, noisy, gF; simpl; lra.
Qed.

(* AVGrad from 3 with eps = 1, alpha = 1/10, beta2 = 9/10. *)
Theorem example_avgrad T : (0 < T)%nat ->
  / INR T * sum T (fun t => Exp 2 fair t (fun h => sqn 1 (gF (avgrad_point noisy 1 (1/10) (9/10) (fun _ => 3) h))) [])
  <= avgrad_right 1 (2/5) (INR T) 1 (ln 10) 2 2 1 (1/10) (9/10).
Proof.
  intros HT. pose proof (avgrad_rate_sharp _ _ _ _ _ _ _ _ _ 1 (1/10) (9/10) (fun _ => 3) T example_assumptions
    ltac:(lra) ltac:(lra) ltac:(lra) HT) as H.
  replace (F (fun _ => 3) - 0) with (ln 10) in H by (unfold F; rewrite Rminus_0_r; f_equal; unfold Rsqr; lra).
  exact H.
Qed.

(* Adagrad after one step, all symbols gone. *)
Theorem example_adagrad : (3/5)²
  <= sqrt 5 / (1 * (1/10) * sqrt 1) * (ln 10 + 1 * (2/5 * (1/10) * 2 + (1/10)² * 2 / 2) * ln (1 + 1 * 2² / 1)).
Proof.
  pose proof (adagrad_rate_sharp _ _ _ _ _ _ _ _ _ 1 (1/10) (fun _ => 3) 1 example_assumptions
    ltac:(lra) ltac:(lra) ltac:(lia)) as H.
  unfold mean_squared_gradient, squared_gradient, adagrad_right, radius in H. simpl in H.
  unfold sqn, gF, slope, F, adagrad_point in H. simpl in H.
  replace (sqrt 5) with (sqrt (1 + 2²)) by (f_equal; unfold Rsqr; lra).
  replace (ln 10) with (ln (1 + 3²) - 0) by (rewrite Rminus_0_r; f_equal; unfold Rsqr; lra).
  replace ((3/5)²) with (/ 1 * (0 + (0 + (2 * 3 / (1 + 3²))²))) by (unfold Rsqr; field). exact H.
Qed.
